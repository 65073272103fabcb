import {
  readBytes,
  readText,
  readTextIfPresent,
} from "../../../datasets/files/read_file.ts";
import { assertRefusesPipe } from "./pipe.ts";

for (const read of [readBytes, readText, readTextIfPresent]) {
  Deno.test(`${read.name}: refuses a pipe`, () => assertRefusesPipe(read));
}
