// Max pooling. Threads share the pixels of the result: of y forward, of dx for the gradient.

/** Largest value of each window, for result pixels `start <= i < end`. */
export function pool(
  x: usize,
  y: usize,
  height: i32,
  width: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  size: i32,
  stride: i32,
  padding: i32,
  start: i32,
  end: i32,
): void {
  const pixelBytes = <usize> channels << 2;
  for (let pixel = start; pixel < end; pixel++) {
    const line = pixel / outWidth;
    const image = x + <usize> (line / outHeight * height * width) * pixelBytes;
    const top = (line % outHeight) * stride - padding;
    const left = (pixel % outWidth) * stride - padding;
    for (let channel = 0; channel < channels; channel++) {
      let result: f32 = -Infinity;
      for (let i = max(top, 0); i < min(top + size, height); i++) {
        for (let j = max(left, 0); j < min(left + size, width); j++) {
          const value = load<f32>(image + <usize> (i * width + j) * pixelBytes + (<usize> channel << 2));
          // a NaN stays, so that it is noticed
          if (!(value <= result) && result == result) result = value;
        }
      }
      store<f32>(y + <usize> pixel * pixelBytes + (<usize> channel << 2), result);
    }
  }
}

/** Gradient for the input pixels `start <= i < end`: the sum over the windows that contain them. */
export function poolGradient(
  dy: usize,
  x: usize,
  dx: usize,
  height: i32,
  width: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  size: i32,
  stride: i32,
  padding: i32,
  start: i32,
  end: i32,
): void {
  const pixelBytes = <usize> channels << 2;
  for (let pixel = start; pixel < end; pixel++) {
    const line = pixel / width;
    const row = line % height;
    const column = pixel % width;
    const image = x + <usize> (line / height * height * width) * pixelBytes;
    const results = dy + <usize> (line / height * outHeight * outWidth) * pixelBytes;
    const firstRow = max(0, (row + padding - size + stride) / stride);
    const lastRow = min(outHeight - 1, (row + padding) / stride);
    const firstColumn = max(0, (column + padding - size + stride) / stride);
    const lastColumn = min(outWidth - 1, (column + padding) / stride);
    for (let channel = 0; channel < channels; channel++) {
      const offset = <usize> channel << 2;
      let sum: f32 = 0;
      for (let i = firstRow; i <= lastRow; i++) {
        for (let j = firstColumn; j <= lastColumn; j++) {
          const top = i * stride - padding;
          const left = j * stride - padding;
          if (largest(image + offset, pixelBytes, height, width, top, left, size) == row * width + column) {
            sum += load<f32>(results + <usize> (i * outWidth + j) * pixelBytes + offset);
          }
        }
      }
      store<f32>(dx + <usize> pixel * pixelBytes + offset, sum);
    }
  }
}

/** Index of the first largest pixel of a window, or of its first NaN. */
function largest(
  image: usize,
  pixelBytes: usize,
  height: i32,
  width: i32,
  top: i32,
  left: i32,
  size: i32,
): i32 {
  let best: f32 = -Infinity;
  let index = -1;
  for (let i = max(top, 0); i < min(top + size, height); i++) {
    for (let j = max(left, 0); j < min(left + size, width); j++) {
      const value = load<f32>(image + <usize> (i * width + j) * pixelBytes);
      if (index < 0 || (!(value <= best) && best == best)) {
        best = value;
        index = i * width + j;
      }
    }
  }
  return index;
}
