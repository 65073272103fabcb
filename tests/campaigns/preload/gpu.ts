/** Loaded before a command: the GPU is lost when work is submitted to it for the n-th time, `gpu.ts?at=N`. */
const at = Number(new URL(import.meta.url).searchParams.get("at"));
const { requestDevice } = GPUAdapter.prototype;
const { submit } = GPUQueue.prototype;
let count = 0;

GPUAdapter.prototype.requestDevice = async function (...args) {
  const device = await requestDevice.apply(this, args);
  GPUQueue.prototype.submit = function (commands) {
    submit.call(this, commands);
    if (++count === at) device.destroy();
  };
  return device;
};
