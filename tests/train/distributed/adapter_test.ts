import { assert, assertEquals } from "@std/assert";
import { outputOf } from "../cli/command.ts";
import { denoRun, launch, testOnMpi } from "./mpi.ts";

/** Two drivers in software, of Debian's mesa-vulkan-drivers and of its chromium. */
const DRIVERS = [
  "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json",
  "/usr/lib/chromium/vk_swiftshader_icd.json",
];

testOnMpi(
  "WebGpuDevice: each process gets the adapter that its local rank's variables show",
  async (implementation) => {
    for (const driver of DRIVERS) {
      // as elsewhere: what is missing is an error in continuous integration alone
      const isThere = await Deno.stat(driver).then(() => true, () => false);
      if (!isThere && Deno.env.get("DV2_REQUIRE_DEVICES") !== "1") return;
      assert(isThere, `there is no ${driver}`);
    }
    const [first, second] = DRIVERS;
    const withOwnDriver =
      `case "\${OMPI_COMM_WORLD_LOCAL_RANK:-$MPI_LOCALRANKID}" in
    0) export VK_DRIVER_FILES=${first} ;;
    1) export VK_DRIVER_FILES=${second} ;;
    esac
    export DENO_WEBGPU_BACKEND=vulkan
    exec "$@"`;
    const script = "tests/train/distributed/fixtures/adapter.ts";
    const { code, stdout, stderr } = await outputOf(
      launch(
        implementation,
        2,
        ...["sh", "-c", withOwnDriver, "sh", ...denoRun([], script)],
      ),
    );
    assertEquals(code, 0, stderr);
    const adapters = stdout.trim().split("\n").toSorted();
    assertEquals(
      adapters.map((name) => name.match(/llvmpipe|SwiftShader/)?.[0]),
      [
        "SwiftShader",
        "llvmpipe",
      ],
      stdout,
    );
  },
);
