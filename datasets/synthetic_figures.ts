import type { Region } from "./synthetic_image.ts";
export const SHAPES: Record<string, Region> = {
  disc: (x, y) => x * x + y * y < 0.81,
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 0.8,
  triangle: (x, y) => y > -0.6 && Math.sqrt(3) * Math.abs(x) + y < 1.2,
  cross: (x, y) => Math.min(Math.abs(x), Math.abs(y)) < 0.38 && Math.max(Math.abs(x), Math.abs(y)) < 1.05,
  star: (x, y) => { const r = Math.hypot(x,y); if (r<.5) return true; if (r>1.2) return false; const s = Math.PI/5; let t = Math.abs(((Math.atan2(y,x)/s % 2)+2)%2 - 1)*s; // 0 at valley.. 
     // t: angle from tip
     t = s - t; const a = 0.5*Math.sin(s), b = 1.2-0.5*Math.cos(s); // line from tip (1.2,0) to valley (.5cos s,.5 sin s)
     return Math.sin(t)*r*b < a*(1.2-r*Math.cos(t)); },
};
export const TEXTURES: Record<string, Region> = {
  striped: (x) => ((x%7)+7)%7 < 3.5,
  chequered: (x, y) => (((x%8)+8)%8 < 4) === (((y%8)+8)%8 < 4),
};
