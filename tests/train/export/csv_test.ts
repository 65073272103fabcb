import { assertEquals } from "@std/assert";
import { csvRow } from "../../../train/export/csv.ts";

Deno.test("csvRow: quotes what would be read as more than a value", () => {
  assertEquals(
    csvRow(["a b", 'c"d', "e,f", "g\nh", -1.5, ""]),
    'a b,"c""d","e,f","g\nh",-1.5,\r\n',
  );
});
