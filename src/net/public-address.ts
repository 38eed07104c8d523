import { BlockList, isIP } from "node:net";

/**
 * Networks that a public name must not resolve to: loopback, private, link-local (with the cloud's metadata service), shared,
 * documentation, benchmark, multicast and reserved. Source: the IANA registries of special-purpose addresses.
 */
const NOT_PUBLIC = new BlockList();
for (const [network, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.31.196.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const) {
  NOT_PUBLIC.addSubnet(network, bits, "ipv4");
}

/** Global unicast, the only part of IPv6 that is public, and not all of it. */
const GLOBAL = new BlockList();
GLOBAL.addSubnet("2000::", 3, "ipv6");
const NOT_PUBLIC_6 = new BlockList();
for (const [network, bits] of [
  ["2001::", 23], // Teredo, ORCHID, benchmarks
  ["2001:db8::", 32],
  ["3fff::", 20],
] as const) {
  NOT_PUBLIC_6.addSubnet(network, bits, "ipv6");
}

/** Whether a numeric address may be connected to on behalf of an address that came out of a reply. */
export function isPublicAddress(address: string): boolean {
  const bare = address.replace(/%.*$/, ""); // a zone is only for link-local ones
  if (isIP(bare) === 4) return !NOT_PUBLIC.check(bare, "ipv4");
  if (isIP(bare) !== 6) return false;
  const inner = embeddedIpv4(bare);
  if (inner !== undefined) return isPublicAddress(inner);
  return GLOBAL.check(bare, "ipv6") && !NOT_PUBLIC_6.check(bare, "ipv6");
}

/** Whether an address is this machine's own. No name is, whatever it begins with. */
export function isLoopback(address: string): boolean {
  return isIP(address) !== 0 && (/^127\./.test(address) || address === "::1" || /^::ffff:127\./.test(address));
}

/** Private networks and this machine; not link-local addresses, nor those where clouds hand out credentials. */
const PRIVATE = new BlockList();
PRIVATE.addSubnet("10.0.0.0", 8, "ipv4");
PRIVATE.addSubnet("100.64.0.0", 10, "ipv4");
PRIVATE.addSubnet("127.0.0.0", 8, "ipv4");
PRIVATE.addSubnet("172.16.0.0", 12, "ipv4");
PRIVATE.addSubnet("192.168.0.0", 16, "ipv4");
PRIVATE.addSubnet("fc00::", 7, "ipv6");
PRIVATE.addAddress("::1", "ipv6");
const METADATA = new BlockList();
METADATA.addAddress("100.100.100.200", "ipv4");
METADATA.addAddress("fd00:ec2::254", "ipv6");
METADATA.addAddress("fd20:ce::254", "ipv6");

/** Whether a numeric address is one of a private network or of this machine, where a person may allow redirections to lead. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  const inner = family === 6 && address !== "::1" ? embeddedIpv4(address) : undefined;
  if (inner !== undefined) return isPrivateAddress(inner);
  const type = family === 4 ? "ipv4" : "ipv6";
  return PRIVATE.check(address, type) && !METADATA.check(address, type);
}

/** IPv4 inside IPv6: mapped (::ffff:0:0/96), translated (64:ff9b::/96) and 6to4 (2002::/16). */
function embeddedIpv4(address: string): string | undefined {
  const groups = groupsOf(address);
  const [a, b, c, d, e, f, g, h] = groups as [number, number, number, number, number, number, number, number];
  const dotted = (high: number, low: number) => `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  if (a === 0 && b === 0 && c === 0 && d === 0 && e === 0 && (f === 0xffff || f === 0)) return dotted(g, h);
  if (a === 0x64 && b === 0xff9b && c === 0 && d === 0 && e === 0 && f === 0) return dotted(g, h);
  if (a === 0x2002) return dotted(b, c);
  return undefined;
}

/** The eight 16-bit groups of an IPv6 address that `isIP` has accepted. */
function groupsOf(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const words = (part: string): number[] =>
    part === ""
      ? []
      : part.split(":").flatMap((word) => {
          if (!word.includes(".")) return [Number.parseInt(word, 16)];
          const [a, b, c, d] = word.split(".").map(Number) as [number, number, number, number];
          return [a * 256 + b, c * 256 + d];
        });
  const before = words(head);
  if (tail === undefined) return before;
  const after = words(tail);
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}
