// a thread of the WebAssembly device, bundled beside the page
import "@dv2/dv2/worker";
