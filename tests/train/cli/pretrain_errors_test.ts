/**
 * What the command `pretrain` says to a user who got something wrong: a sentence, without a stack
 * trace, and nothing on the disk is changed.
 */
import { presets } from "../../../train/config/presets/mod.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { assertRefused, TINY } from "./command.ts";

const set = (...settings: string[]) =>
  settings.flatMap((setting) => ["--set", setting]);
const [preset] = Object.keys(presets).sort((a, b) => b.length - a.length);
const cifar10 = set("data.name=cifar10", "data.path=data");
const stl10 = set("data.name=stl10", "data.path=data");
const pictures = set("data.name=folder", "data.path=pictures");

/** What is wrong, the arguments, what must follow `error: `, and the files that are there. */
const mistakes: [
  string,
  readonly string[],
  RegExp,
  Record<string, string | Uint8Array>?,
][] = [
  // data
  [
    "CIFAR-10 is missing",
    cifar10,
    /^there is no CIFAR-10 .* in data; .*, or fetch it with --download/,
  ],
  [
    "STL-10 is missing",
    stl10,
    /^there is no unlabeled_X.bin .* in data; .*, or fetch it with --download/,
  ],
  [
    "the folder of images is missing",
    pictures,
    /^cannot read the folder pictures: there is no such file or folder; check the path$/,
  ],
  [
    "a training file of CIFAR-10 is cut short",
    cifar10,
    /^data\/data_batch_2.bin is damaged or cut short: its 6145 bytes .*; replace it$/,
    {
      "data/data_batch_1.bin": new Uint8Array(2 * 3073),
      "data/data_batch_2.bin": new Uint8Array(2 * 3073 - 1),
    },
  ],
  [
    "the test file of CIFAR-10 is empty",
    cifar10,
    /^data\/test_batch.bin is damaged or cut short: its 0 bytes/,
    {
      "data/data_batch_1.bin": new Uint8Array(3073),
      "data/test_batch.bin": "",
    },
  ],
  [
    "a file of STL-10 has another size",
    stl10,
    /^data\/unlabeled_X.bin is damaged or cut short: its 30000 bytes are not a whole number of 27648-byte/,
    { "data/unlabeled_X.bin": new Uint8Array(30000) },
  ],
  [
    "there is no image in the folder",
    pictures,
    /^there are no pictures \(JPEG, .*\) in pictures; check the path/,
    { "pictures/notes.txt": "none yet" },
  ],
  [
    "no image in the folder can be decoded",
    pictures,
    /^no picture can be read of 2, such as pictures\/1.jpg/,
    { "pictures/1.jpg": "not a picture", "pictures/2.jpg": "" },
  ],
  [
    "the parts of the config do not fit, before pictures are decoded",
    [...pictures, ...set("model.grid=5")],
    /^the config does not fit together: /,
    { "pictures/1.jpg": "not a picture" },
  ],
  [
    "the model's weights are larger than an array can be",
    set("model.transformer.feedForward=1000000000"),
    /^the model's weights do not fit into memory; lower encoder.width/,
  ],
  [
    "--download is given where there is nothing to fetch",
    [...TINY, "--download"],
    /^there is nothing to download for the data set "synthetic"/,
  ],
  // settings
  ["a setting is unknown", set("stesp=3"), /^stesp .*; did you mean steps\?$/],
  [
    "a setting within another is unknown",
    set("encoder.widht=1"),
    /^encoder.widht is not a setting; did you mean encoder.width\?$/,
  ],
  [
    "a value is out of range",
    set("steps=0"),
    /^steps must be at least 1, not 0$/,
  ],
  [
    "a value is of another type",
    set("steps=many"),
    /^steps must be a number, not "many"$/,
  ],
  [
    "a value is not whole",
    set("steps=2.5"),
    /^steps must be a whole number, not 2.5$/,
  ],
  [
    "a name is misspelt",
    set("data.name=cifar"),
    /^data.name must be .*, not "cifar"; did you mean "cifar10"\?$/,
  ],
  [
    "the batch does not hold whole instances",
    set("batchSize=7", "views=2"),
    /^batchSize.* must be a multiple of views/,
  ],
  ["a setting has no value", set("steps"), /not of the form path.to.key=value/],
  [
    "a step is too large for the device",
    [...TINY, ...set("batchSize=4000000"), "--device", "wasm"],
    /needs \d+ MiB, .*; lower the batch size/,
  ],
  // options
  [
    "a preset is unknown",
    ["--preset", `${preset}x`],
    new RegExp(`^there is no preset .*; did you mean ${preset}\\?`),
  ],
  [
    "an option is unknown",
    ["--prest", preset],
    /^--prest is not an option .*; did you mean --preset\?$/,
  ],
  [
    "an argument belongs to no option",
    ["cifar10"],
    /^"cifar10" belongs to no option .*--help/,
  ],
  ["an option lacks its value", ["--out"], /^--out needs a value/],
  [
    "a device is unknown",
    ["--device", "webgp"],
    /^--device must be auto, webgpu, wasm, not "webgp"; did you mean webgpu\?$/,
  ],
  [
    "a run is to go on with another preset",
    ["--resume", "run", "--preset", preset],
    /^--resume takes the config of its run; leave out --preset/,
  ],
  // the config file
  [
    "the config file is missing",
    ["--config", "none.json"],
    /^cannot read none.json: there is no such file or folder; check the path$/,
  ],
  [
    "the config file is not JSON",
    ["--config", "my.json"],
    /^my.json is not JSON: .* at line 2, column 1$/,
    { "my.json": '{ "steps":\n} ' },
  ],
  [
    "the config file is not an object",
    ["--config", "my.json"],
    /^my.json must hold an object/,
    { "my.json": "[1]" },
  ],
  [
    "a key of the config file is unknown",
    ["--preset", preset, "--config", "my.json"],
    /^optimizer.learningrate is .*; did you mean optimizer.learningRate\?$/,
    { "my.json": '{ "optimizer": { "learningrate": 1 } }' },
  ],
  // the folder of the run
  [
    "--out is not empty",
    [...TINY, "--out", "run"],
    /^run is not empty .*; choose another folder$/,
    { "run/thesis.txt": "precious" },
  ],
  [
    "--out is a file",
    [...TINY, "--out", "run"],
    /^cannot read the folder run: /,
    { "run": "precious" },
  ],
  [
    "--out lies below a file",
    [...TINY, "--out", "file/run"],
    /file\/run: it, or a part of its path, is a file, not a folder$/,
    { "file": "precious" },
  ],
  [
    "the folder to resume does not exist",
    ["--resume", "run"],
    /^run is not the folder of a run: it has no config.json$/,
  ],
  [
    "the folder to resume is not that of a run",
    ["--resume", "run"],
    /^run is not the folder of a run: it has no config.json$/,
    { "run/thesis.txt": "precious" },
  ],
  [
    "a new run is to be extended",
    ["--extend", "300"],
    /^--extend is for an existing run; add --resume FOLDER, or use --set steps=STEPS/,
  ],
  [
    "the warm-up of the preset is longer than the run",
    set("steps=10"),
    /^warmupSteps: the learning rate cannot rise over 30 steps in a run of 10; set warmupSteps to 10 at most, to 1 for instance$/,
  ],
  [
    "the run to resume has lost its checkpoints",
    ["--resume", "run", "--device", "wasm"],
    /^run has no checkpoint to resume from; start a new run$/,
    {
      "run/config.json": JSON.stringify({
        data: { name: "synthetic", trainSize: 1, testSize: 1 },
        augmentation: { name: "translate" },
      }),
      "run/checkpoints/step-000003.safetensors": "",
      "run/metrics.jsonl": '{"step":1,"loss":1}\n',
      "run/lock": "",
    },
  ],
  [
    "the weights to start from are missing",
    [...TINY, ...set("initialWeights=w.bin")],
    /^cannot read w.bin: there is no such file or folder; check the path$/,
  ],
  [
    "the weights to start from are in another format",
    [...TINY, ...set("initialWeights=w.onnx")],
    /^w.onnx is not a safetensors file$/,
    { "w.onnx": Uint8Array.of(8, 7, 18, 8, 64, 100, 118, 50, 47) },
  ],
  [
    "the folder to resume belongs to another program",
    ["--resume", "run"],
    /^run\/config.json is not JSON: /,
    { "run/config.json": "port = 80" },
  ],
];

for (const [what, args, expected, files = {}] of mistakes) {
  Deno.test(`pretrain: refuses, in a sentence, that ${what}`, async () => {
    using folder = new TemporaryFolder();
    for (const [name, content] of Object.entries(files)) {
      folder.write(name, content);
    }
    await assertRefused(expected, folder.path, args);
  });
}

/** A flag that takes a permission away, the arguments, and what must follow `error: `. */
const denials: [string, readonly string[], RegExp][] = [
  [
    "--deny-read=pictures",
    pictures,
    /^cannot read the folder pictures: Deno was not given permission; run again with --allow-read/,
  ],
  [
    "--deny-write",
    TINY,
    /^cannot make the folder runs: .*--allow-write$/,
  ],
  [
    "--deny-write=run/checkpoints",
    [...TINY, "--out", "run"],
    /^cannot make the folder run\/checkpoints: .*--allow-write$/,
  ],
];

for (const [flag, args, expected] of denials) {
  Deno.test(`pretrain: what Deno is asked to forbid by ${flag} is named`, async () => {
    using folder = new TemporaryFolder();
    await assertRefused(expected, folder.path, args, [flag]);
  });
}
