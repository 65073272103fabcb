// All threads wait until the last one has arrived. Spins shortly, because the others are usually
// about to arrive, then sleeps, because a machine may be busy with something else.

const SPINS = 20000;

/** `state` points at two words: how many have arrived, and how often all have. */
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
