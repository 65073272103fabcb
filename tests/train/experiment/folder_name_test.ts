import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import {
  checkFolderNames,
  folderName,
} from "../../../train/experiment/folder_name.ts";

Deno.test("folderName: letters, digits and dots of any text, the rest as dashes", () => {
  const names = {
    "DV² - exchange seed 1": "dv2-exchange-seed-1",
    "S = 1024, λ = 0.9": "s-1024-λ-0.9",
    "I and Î": "i-and-î",
    "../up": "..-up",
  };
  for (const [text, name] of Object.entries(names)) {
    assertEquals(folderName(text), name);
  }
});

Deno.test("checkFolderNames: names two texts that would share a folder", () => {
  checkFolderNames(["I", "Î", "I and Î"]);
  assertThrows(
    () => checkFolderNames(["a", "DV² + b", "DV2 - b"]),
    UserError,
    '"DV² + b" and "DV2 - b" would share the folder dv2-b; rename one of them',
  );
});

Deno.test("checkFolderNames: names a text that no folder can be called by", () => {
  for (const text of ["", "±", ".", ".."]) {
    assertThrows(
      () => checkFolderNames(["a", text]),
      UserError,
      `${
        JSON.stringify(text)
      } has no letter or digit for the name of its folder; rename it`,
    );
  }
});

Deno.test("checkFolderNames: names a text that is too long for a folder, in bytes", () => {
  checkFolderNames(["a".repeat(200), "λ".repeat(100)]);
  for (const letter of ["a", "λ"]) {
    assertThrows(
      () => checkFolderNames(["a", letter.repeat(201)]),
      UserError,
      `"${letter.repeat(39)}... is too long for the name of its folder: ${
        letter === "a" ? 201 : 402
      } bytes, of which 200 fit; shorten the names or values in it`,
    );
  }
});
