import { UserError } from "../../engine/user_error.ts";

/** Handles are pointers in Open MPI and integers in MPICH; both fit into a register. */
const symbols = {
  MPI_Init: { parameters: ["pointer", "pointer"], result: "i32" },
  MPI_Comm_rank: { parameters: ["usize", "buffer"], result: "i32" },
  MPI_Comm_size: { parameters: ["usize", "buffer"], result: "i32" },
  MPI_Iallreduce: {
    parameters: [
      ...["buffer", "buffer", "i32"] as const,
      ...["usize", "usize", "usize", "buffer"] as const,
    ],
    result: "i32",
  },
  MPI_Iallgather: {
    parameters: [
      ...["buffer", "i32", "usize", "buffer", "i32"] as const,
      ...["usize", "usize", "buffer"] as const,
    ],
    result: "i32",
  },
  MPI_Ireduce_scatter_block: {
    parameters: [
      ...["buffer", "buffer", "i32"] as const,
      ...["usize", "usize", "usize", "buffer"] as const,
    ],
    result: "i32",
  },
  MPI_Ibcast: {
    parameters: ["buffer", "i32", "usize", "i32", "usize", "buffer"],
    result: "i32",
  },
  MPI_Test: { parameters: ["buffer", "buffer", "buffer"], result: "i32" },
  MPI_Abort: { parameters: ["usize", "i32"], result: "i32" },
  MPI_Finalize: { parameters: [], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** What only Open MPI exports: it finds the handle for a number that is the same in every build. */
const openMpiSymbols = {
  MPI_Comm_f2c: { parameters: ["i32"], result: "usize" },
  MPI_Type_f2c: { parameters: ["i32"], result: "usize" },
  MPI_Op_f2c: { parameters: ["i32"], result: "usize" },
} as const satisfies Deno.ForeignLibraryInterface;

/** The handles that exchanges need. */
interface Handles {
  readonly world: bigint;
  readonly float: bigint;
  readonly byte: bigint;
  readonly sum: bigint;
}

/** The functions of an MPI library, with its handles. */
export interface MpiLibrary extends Handles {
  /** Which implementation it is. */
  readonly name: "Open MPI" | "MPICH";
  /** Its functions. */
  readonly symbols: Deno.DynamicLibrary<typeof symbols>["symbols"];
}

/** Of MPICH and all libraries that have its binary interface, such as Intel MPI. */
const mpichHandles: Handles = {
  world: 0x44000000n,
  float: 0x4c00040an,
  byte: 0x4c00010dn,
  sum: 0x58000003n,
};

/** Names of libraries, those of MPICH last because Debian's Open MPI has the plain one too. */
const fileNames = {
  "Open MPI": ["libmpi.so.40", "libmpi.so"],
  "MPICH": ["libmpich.so.12", "libmpi.so.12"],
};

/**
 * Opens and initialises the MPI library whose launcher started this process; where nothing tells which
 * that is, the first that is installed.
 *
 * @throws {UserError} if none is installed.
 */
export function startMpi(): MpiLibrary {
  const underMpich = Deno.env.has("PMI_RANK") &&
    !Deno.env.has("OMPI_COMM_WORLD_RANK");
  const names = underMpich
    ? [...fileNames.MPICH, ...fileNames["Open MPI"]]
    : [...fileNames["Open MPI"], ...fileNames.MPICH];
  for (const name of names) {
    const library = tryOpen(name, symbols);
    if (!library) continue;
    library.symbols.MPI_Init(null, null);
    const openMpi = tryOpen(name, openMpiSymbols);
    return openMpi
      ? {
        name: "Open MPI",
        symbols: library.symbols,
        world: openMpi.symbols.MPI_Comm_f2c(0),
        byte: openMpi.symbols.MPI_Type_f2c(1),
        float: openMpi.symbols.MPI_Type_f2c(13),
        sum: openMpi.symbols.MPI_Op_f2c(3),
      }
      : { name: "MPICH", symbols: library.symbols, ...mpichHandles };
  }
  throw new UserError(
    `there is no MPI library (${names.join(", ")}); install Open MPI ` +
      "(apt-get install openmpi-bin) or MPICH (apt-get install mpich)",
  );
}

function tryOpen<Symbols extends Deno.ForeignLibraryInterface>(
  name: string,
  symbols: Symbols,
): Deno.DynamicLibrary<Symbols> | undefined {
  try {
    return Deno.dlopen(name, symbols);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined;
  }
}
