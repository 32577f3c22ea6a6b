import { describe, expect, it } from 'vitest';
import { publicAddressesOnly } from './outbound-guard.ts';

const CLOSED = [
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '100.64.0.1',
  '100.100.100.200',
  '127.0.0.1',
  '127.255.255.254',
  '168.63.129.16',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::7f00:1',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '::ffff:a00:1',
  '64:ff9b::a00:1',
  '64:ff9b:1::a00:1',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '3fff::1',
  '5f00::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%lo',
  'fec0::1',
  'ff02::1',
];
const OPEN = [
  '1.1.1.1',
  '8.8.8.8',
  '100.63.255.255',
  '100.128.0.1',
  '172.15.255.255',
  '172.32.0.1',
  '192.167.255.255',
  '223.5.5.5',
  '2400:3200::1',
  '2606:4700:4700::1111',
];
const NOT_ADDRESSES = ['', 'localhost', 'example.com', '127.1', '0x7f.0.0.1', '1.2.3', '[::1]'];

describe('addresses that webhooks may reach', () => {
  const rule = publicAddressesOnly({ allow_loopback: false });

  it.each(CLOSED)('%s is refused', (address) => {
    expect(rule(address)).toBe(false);
  });

  it.each(OPEN)('%s is public', (address) => {
    expect(rule(address)).toBe(true);
  });

  it.each(NOT_ADDRESSES)('%j is no address and refused', (text) => {
    expect(rule(text)).toBe(false);
  });

  it('a sandbox opens loopback and nothing else', () => {
    const sandbox = publicAddressesOnly({ allow_loopback: true });
    expect(sandbox('127.0.0.1')).toBe(true);
    expect(sandbox('127.9.9.9')).toBe(true);
    expect(sandbox('::1')).toBe(true);
    for (const address of CLOSED.filter((one) => !one.startsWith('127.') && one !== '::1')) {
      expect(sandbox(address)).toBe(false);
    }
  });
});
