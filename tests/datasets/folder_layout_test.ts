import { assert, assertEquals } from "@std/assert";
import { layoutOf } from "../../datasets/folder_layout.ts";

/** The names of the files that each part has, with the names of their classes. */
function partsOf(...files: string[]) {
  const layout = layoutOf(files);
  const { classNames, labels } = layout;
  const labelled = (positions?: readonly number[]) =>
    positions?.map((i) =>
      layout.files[i] + (classNames ? ` ${classNames[labels[i]]}` : "")
    );
  return {
    train: labelled(layout.train),
    test: labelled(layout.test),
    unlabelled: layout.unlabelled.map((i) => layout.files[i]),
    notes: layout.notes,
  };
}

const HELD_OUT = ["a fifth of each class is held out to test"];
const NOT_HELD_OUT = [
  "nothing is held out to test, as no class has two pictures",
];

for (const parent of ["", "train/", "Training/"]) {
  Deno.test(`layoutOf: subfolders of ${parent || "the folder"} are the classes, with all that lies in them`, () => {
    const files = ["ant/1.png", "ant/big/red/2.png", "bee/3.png"]
      .map((file) => parent + file);
    assertEquals(partsOf(...files), {
      train: files.map((file, i) => `${file} ${i < 2 ? "ant" : "bee"}`),
      test: undefined,
      unlabelled: [],
      notes: HELD_OUT,
    });
  });
}

Deno.test("layoutOf: classes are in natural order, whatever that of the pictures", () => {
  const { classNames } = layoutOf(["10/1.png", "9/1.png", "10/2.png"]);
  assertEquals(classNames, ["9", "10"]);
});

Deno.test("layoutOf: says that nothing can be held out where each class has one picture", () => {
  const { notes } = partsOf("ant/1.png", "bee/2.png");
  assertEquals(notes, NOT_HELD_OUT);
});

for (
  const [train, test] of [
    ...["test", "testing", "validation", "valid", "val"]
      .map((test) => ["train", test]),
    ["Train", "TEST"],
    ["training", "testing"],
  ]
) {
  Deno.test(`layoutOf: ${train}/ and ${test}/ are the parts, and the subfolders in them the classes`, () => {
    const files = ["bee/1.png", "ant/young/2.png"];
    assertEquals(
      partsOf(
        ...files.map((file) => `${train}/${file}`),
        ...files.map((file) => `${test}/${file}`),
      ),
      {
        train: [`${train}/bee/1.png bee`, `${train}/ant/young/2.png ant`],
        test: [`${test}/bee/1.png bee`, `${test}/ant/young/2.png ant`],
        unlabelled: [],
        notes: [],
      },
    );
  });
}

Deno.test("layoutOf: unlabelled/ beside train/ is for pretraining, however deep", () => {
  const { unlabelled, train, test } = partsOf(
    "test/ant/1.png",
    "test/bee/1.png",
    "train/ant/1.png",
    "train/bee/1.png",
    "unlabelled/1.png",
    "unlabeled/some/2.png",
  );
  assertEquals([train?.length, test?.length], [2, 2]);
  assertEquals(unlabelled, ["unlabelled/1.png", "unlabeled/some/2.png"]);
  const untested = partsOf(
    "train/ant/1.png",
    "train/bee/1.png",
    "unlabelled/2.png",
  );
  assertEquals(untested.train, ["train/ant/1.png ant", "train/bee/1.png bee"]);
  assertEquals([untested.test, untested.notes], [undefined, NOT_HELD_OUT]);
});

Deno.test("layoutOf: without train/, what is called test or unlabelled makes no classes", () => {
  const others: [string, ...string[]][] = [
    ["test", "test/ant/1.png", "val/ant/1.png"],
    ["Valid", "Valid/1.png", "ant/1.png", "bee/1.png"],
    ["unlabelled", "ant/1.png", "bee/1.png", "unlabelled/1.png"],
  ];
  for (const [name, ...files] of others) {
    assertEquals(partsOf(...files), {
      train: files,
      test: undefined,
      unlabelled: [],
      notes: [
        `there are no labels: there is ${name}/, which is no class, but no train/`,
      ],
    });
  }
});

Deno.test("layoutOf: a class may be called train where nothing is called test", () => {
  assertEquals(partsOf("car/1.png", "train/1.png").train, [
    "car/1.png car",
    "train/1.png train",
  ]);
});

Deno.test("layoutOf: there may be any number of classes", () => {
  const files = Array.from({ length: 70_000 }, (_, i) => `${i}/image.png`);
  const { classNames, labels } = layoutOf(files);
  assertEquals(classNames?.length, 70_000);
  for (const i of [0, 255, 256, 65_536, 69_999]) {
    assertEquals(classNames![labels[i]], String(i));
  }
});

Deno.test("layoutOf: a picture outside of the classes, or a single class, is why there are no labels", () => {
  const reasons: [expected: string, ...files: string[]][] = [
    ["0.png lies in no subfolder", "0.png", "ant/1.png", "bee/1.png"],
    [
      "train/0.png lies in no subfolder",
      "train/0.png",
      "train/ant/1.png",
      "test/ant/1.png",
    ],
    [
      "test/0.png lies in no subfolder",
      "train/ant/1.png",
      "train/bee/1.png",
      "test/0.png",
    ],
    ["there is only one subfolder, ant", "ant/1.png", "ant/2.png"],
    [
      "there is only one subfolder, train/ant",
      "train/ant/1.png",
      "test/ant/1.png",
    ],
  ];
  for (const [expected, ...files] of reasons) {
    const { classNames, notes } = layoutOf(files);
    assertEquals([classNames, notes.length], [undefined, 1]);
    assert(notes[0].startsWith(`there are no labels: ${expected}`), notes[0]);
  }
  const { train, unlabelled } = partsOf(
    "train/0.png",
    "test/1.png",
    "unlabelled/2.png",
  );
  assertEquals([train, unlabelled], [["train/0.png"], ["unlabelled/2.png"]]);
});

Deno.test("layoutOf: there are no labels where test images are of other classes than those to train with", () => {
  const trained = ["train/ant/1.png", "train/bee/1.png"];
  const reasons: [expected: string, ...files: string[]][] = [
    ["test/ lacks bee, which is in train/", "test/ant/1.png"],
    [
      "train/ lacks cat, which is in val/",
      ...["ant", "bee", "cat"].map((name) => `val/${name}/1.png`),
    ],
    ["test/ lacks ant, which is in train/", "test/Ant/1.png", "test/bee/1.png"],
  ];
  for (const [expected, ...files] of reasons) {
    const { train, test, notes } = partsOf(...trained, ...files);
    assertEquals([train, test], [trained, undefined]);
    assertEquals(notes, [`there are no labels: ${expected}`]);
  }
});

Deno.test("layoutOf: says what is left out beside train/", () => {
  const { train, notes } = partsOf(
    "0.png",
    ...["train", "test", "val"].flatMap((part) => [
      `${part}/ant/1.png`,
      `${part}/bee/1.png`,
    ]),
  );
  assertEquals(train?.length, 2);
  assertEquals(notes, ["left out beside train/: 3 pictures, such as 0.png"]);
  const one = partsOf("0.png", "train/ant/1.png", "test/ant/1.png");
  assertEquals(
    one.notes[0],
    "left out beside train/: 1 picture, such as 0.png",
  );
});
