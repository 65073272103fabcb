/** Rank 0 of the processes prints what sums over all of them take, by their size. */
import { MpiCommunicator } from "../../train/distributed/mpi_communicator.ts";
import { median } from "../compare.ts";

const SIZES = [4, 1024, 16384, 262144, 2 ** 20, 4 * 2 ** 20, 64 * 2 ** 20];
const ROUNDS = 15;

const communicator = new MpiCommunicator();
const { rank, size, name } = communicator;
if (rank === 0) console.log(`${size} processes of ${name}`);
for (const bytes of SIZES) {
  const values = new Float32Array(bytes / 4);
  const sum = new Float32Array(bytes / 4);
  const repeats = bytes > 65536 ? 1 : 20;
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let i = 0; i < repeats; i++) await communicator.allReduce(values, sum);
    times.push((performance.now() - start) / repeats);
  }
  const time = median(times);
  const sent = 2 * bytes * (size - 1) / size;
  if (rank === 0) {
    console.log(
      `${bytes} bytes: ${(1000 * time).toFixed(0)} us, ` +
        `${(sent / time / 1e6).toFixed(2)} GB/s`,
    );
  }
}
communicator.close();
