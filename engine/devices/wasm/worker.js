// the worker under the name that its bundle has in a browser
import "./worker.ts";
