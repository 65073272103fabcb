// All threads wait until the last one has arrived: first spinning, because the others are usually about
// to arrive, then sleeping, because the machine may be busy with something else.

const SPINS = 20000;

/** `state` is the address of two words: threads that have arrived, and rounds completed. */
export function barrier(state: usize, threads: i32): void {
  const round = state + 4;
  const before = atomic.load<i32>(round);
  if (atomic.add<i32>(state, 1) + 1 == threads) {
    atomic.store<i32>(state, 0);
    atomic.store<i32>(round, before + 1);
    atomic.notify(round, threads);
    return;
  }
  for (let spin = 0; spin < SPINS; spin++) {
    if (atomic.load<i32>(round) != before) return;
  }
  while (atomic.load<i32>(round) == before) atomic.wait<i32>(round, before, -1);
}
