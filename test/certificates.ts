/**
 * Node 20 reads the certificates that a machine adds (`NODE_EXTRA_CA_CERTS`) at each start, which takes it longer than all else: 0.15 of 0.22 s.
 * Suites start thousands of processes that ask this machine alone, and those that need certificates name their own.
 */
export default function withoutCertificates(): void {
  delete process.env.NODE_EXTRA_CA_CERTS;
}
