import { BlockList, isIP } from 'node:net';

/**
 * IPv4 that is nobody's on the internet: the special-purpose registry of IANA (RFC 6890), multicast
 * and what is reserved.
 */
const SPECIAL_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  // Shared behind carriers (RFC 6598).
  '100.64.0.0/10',
  '127.0.0.0/8',
  // Link-local: where clouds tell machines their secrets.
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/**
 * Of IPv6 only 2000::/3 is handed out. What is outside of it leads elsewhere: loopback, link-local,
 * private and multicast, and the forms that carry an IPv4 address (mapped ::ffff:0:0/96, NAT64
 * 64:ff9b::/96).
 */
const GLOBAL_V6 = '2000::/3';
/** Inside of it: protocol assignments with Teredo, documentation, and 6to4, which carries IPv4. */
const SPECIAL_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const listOf = (family: 'ipv4' | 'ipv6', subnets: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [net = '', prefix = ''] = subnet.split('/');
    list.addSubnet(net, Number(prefix), family);
  }
  return list;
};

const specialV4 = listOf('ipv4', SPECIAL_V4);
const globalV6 = listOf('ipv6', [GLOBAL_V6]);
const specialV6 = listOf('ipv6', SPECIAL_V6);

/** Whether an address is somebody's on the internet. What is no address is not. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !specialV4.check(address, 'ipv4');
    case 6:
      return globalV6.check(address, 'ipv6') && !specialV6.check(address, 'ipv6');
    default:
      return false;
  }
}
