/**
 * What processes of suites begin without and with, those of the tests and all that they start.
 *
 * Node 20 reads the certificates that a machine adds (`NODE_EXTRA_CA_CERTS`) at each start, which takes it longer than all else: 0.15 of 0.22 s.
 * Suites start thousands of processes that ask this machine alone, and those that need certificates name their own.
 *
 * Volumes and NumPy's arrays are asked of the system anew each time, and every page of 4 KiB costs an interruption when it is first touched, a seventh of what
 * the suites of peers took: glibc asks for pages of 2 MiB where the system gives them to whoever asks.
 */
export default function beginLightly(): void {
  delete process.env.NODE_EXTRA_CA_CERTS;
  process.env.GLIBC_TUNABLES ??= "glibc.malloc.hugetlb=1";
}
