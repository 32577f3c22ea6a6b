import { BlockList, isIP } from 'node:net';
import type { AddressRule } from './outbound.ts';

/**
 * Which addresses webhooks may reach: the public internet and nothing else, so that an endpoint's
 * URL cannot be used to look into the hub's own network. Ranges after IANA's special-purpose
 * registries (IPv4 and IPv6); IPv6 is closed except global unicast, of which the parts that carry
 * or tunnel IPv4 are closed too.
 */
const IPV4_CLOSED: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  // Carrier-grade NAT; also Alibaba Cloud's metadata service.
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // Link-local; also the metadata services of most clouds.
  ['169.254.0.0', 16],
  // Azure's metadata and health service, a public-looking address.
  ['168.63.129.16', 32],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  // 6to4 relays.
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  // Multicast, reserved, broadcast.
  ['224.0.0.0', 3],
];

const IPV6_OPEN = ['2000::', 3] as const;
const IPV6_CLOSED: readonly (readonly [string, number])[] = [
  // Protocol assignments: Teredo, benchmarking, ORCHID.
  ['2001::', 23],
  ['2001:db8::', 32],
  // 6to4 carries an IPv4 address.
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
];

function listOf(ranges: readonly (readonly [string, number])[], family: 'ipv4' | 'ipv6') {
  const list = new BlockList();
  for (const [network, prefix] of ranges) list.addSubnet(network, prefix, family);
  return list;
}

const ipv4Closed = listOf(IPV4_CLOSED, 'ipv4');
const ipv6Open = listOf([IPV6_OPEN], 'ipv6');
const ipv6Closed = listOf(IPV6_CLOSED, 'ipv6');
const ipv4Loopback = listOf([['127.0.0.0', 8]], 'ipv4');
const ipv6Loopback = listOf([['::1', 128]], 'ipv6');

/** True for 127.0.0.0/8 and ::1, written as plain addresses. */
export function isLoopback(address: string): boolean {
  if (isIP(address) === 4) return ipv4Loopback.check(address, 'ipv4');
  // A mapped address is refused as such: nothing legitimate is registered in that form.
  return isPlainIpv6(address) && !isMapped(address) && ipv6Loopback.check(address, 'ipv6');
}

/** A rule for `Outbound`; loopback is for sandboxes, where the shop runs on the same machine. */
export function publicAddressesOnly(options: { allow_loopback: boolean }): AddressRule {
  return (address) => {
    if (isLoopback(address)) return options.allow_loopback;
    if (isIP(address) === 4) return !ipv4Closed.check(address, 'ipv4');
    if (!isPlainIpv6(address)) return false;
    return ipv6Open.check(address, 'ipv6') && !ipv6Closed.check(address, 'ipv6');
  };
}

/** An address with a zone (`fe80::1%eth0`) is link-local and not plain. */
function isPlainIpv6(address: string): boolean {
  return isIP(address) === 6 && !address.includes('%');
}

function isMapped(address: string): boolean {
  return ipv6Mapped.check(address, 'ipv6');
}

const ipv6Mapped = listOf([['::ffff:0:0', 96]], 'ipv6');
