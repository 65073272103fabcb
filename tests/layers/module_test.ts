import { assert, assertEquals } from "@std/assert";
import { Convolution } from "../../layers/convolution.ts";
import { Linear } from "../../layers/linear.ts";
import {
  namedInstances,
  namedParameters,
  namedStates,
} from "../../layers/module.ts";
import { BatchNorm } from "../../layers/norm.ts";
import { Parameter } from "../../layers/parameter.ts";
import { PatchNetwork } from "../../layers/patch_network.ts";
import { ResNet } from "../../layers/resnet.ts";
import { State } from "../../layers/state.ts";

/** Some of everything; two children share a layer. */
function model() {
  const shared = new Linear(5, 7);
  return {
    first: { inner: shared, rate: 0.1 },
    list: [new Convolution(3, 4, 3), new BatchNorm(4)],
    second: { inner: shared, table: new Float32Array(3) },
  };
}

Deno.test("namedParameters, namedStates: names are the properties that lead there", () => {
  assertEquals([...namedParameters(model()).keys()], [
    "first.inner.weight",
    "first.inner.bias",
    "list.0.weight",
    "list.1.scale",
    "list.1.shift",
  ]);
  assertEquals([...namedStates(model()).keys()], [
    "list.1.mean",
    "list.1.variance",
  ]);
});

Deno.test("namedParameters: what is shared has the name of the first path to it", () => {
  const encoder = new ResNet({ depth: 18, width: 0.0625, stem: "small" }, 3);
  const names = [
    ...namedParameters({
      encoder,
      patchNetwork: new PatchNetwork(encoder, 4, 0),
    }).keys(),
  ];
  assertEquals(names[0], "encoder.stem.weight");
  assert(names.includes("encoder.groups.2.1.convolutions.1.weight"));
  assertEquals(names.filter((name) => name.startsWith("patchNetwork")), [
    "patchNetwork.norm.scale",
    "patchNetwork.norm.shift",
  ]);
});

Deno.test("namedInstances: finds instances of a class and of its subclasses, but nothing inside them", () => {
  class Special extends Linear {}
  const outer = { inner: new Linear(1, 1) };
  const instances = namedInstances(
    { plain: new Linear(1, 1), special: new Special(1, 1), list: [outer] },
    Linear,
  );
  assertEquals([...instances.keys()], ["plain", "special", "list.0.inner"]);
  assertEquals(
    [
      ...namedInstances(
        { outer: Object.assign(new Special(1, 1), outer) },
        Linear,
      ).keys(),
    ],
    ["outer"],
  );
});

Deno.test("namedParameters: the parameter that a state copies is not the state's", () => {
  const copy = new State("copy", [2], new Parameter([2], { constant: 1 }));
  assertEquals([...namedParameters({ copy }).keys()], []);
});
