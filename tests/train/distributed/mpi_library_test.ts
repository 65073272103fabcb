import { assertThrows } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { startMpi } from "../../../train/distributed/mpi_library.ts";

Deno.test("startMpi: without a library it names the packages to install", () => {
  const { dlopen } = Deno;
  Deno.dlopen = () => {
    throw new Error("cannot open shared object file");
  };
  try {
    assertThrows(
      startMpi,
      UserError,
      "install Open MPI (apt-get install openmpi-bin) or MPICH (apt-get install mpich)",
    );
  } finally {
    Deno.dlopen = dlopen;
  }
});
