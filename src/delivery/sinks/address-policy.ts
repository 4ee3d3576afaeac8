import type { LookupAddress, LookupAllOptions } from "node:dns";
import { lookup as systemLookup } from "node:dns";
import type { LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";

/** Metadata and credential services of clouds: never posted to, whatever a configuration allows. */
const never = ["169.254.0.0/16", "fd00:ec2::/32", "100.100.100.200/32"].map((network) =>
  ipaddr.parseCIDR(network),
);

/** Which addresses may be connected to. */
export interface AddressPolicy {
  /** Why an address may not be connected to; undefined where it may. */
  refusal(address: string): string | undefined;
  /** Whether the configuration names the network of this address although it is not public. */
  allowsPrivately(address: string): boolean;
}

/** Resolves a name to all its addresses; `dns.lookup` has this form. */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Lets through public unicast addresses and the networks named; addresses within addresses (v4-mapped, NAT64 of RFC 6052)
 * are judged by the one inside. Everything else is refused: loopback, private, link-local, carrier-grade NAT,
 * multicast, reserved, tunnels. Ranges are those of the IANA special-purpose registries, as ipaddr.js has them.
 */
export function addressPolicy(allowPrivateNetworks: readonly string[]): AddressPolicy {
  const allowed = allowPrivateNetworks.map((network) => ipaddr.parseCIDR(network));

  function refusal(text: string): string | undefined {
    if (!ipaddr.isValid(text)) return "is not an address";
    const address = innermost(ipaddr.parse(text));
    if (never.some((network) => isWithin(address, network))) return "is a metadata address";
    if (allowed.some((network) => isWithin(address, network))) return undefined;
    const range = address.range();
    return range === "unicast" ? undefined : `is not a public address (${range})`;
  }
  return {
    refusal,
    allowsPrivately: (text) =>
      ipaddr.isValid(text) &&
      refusal(text) === undefined &&
      innermost(ipaddr.parse(text)).range() !== "unicast",
  };
}

/**
 * A lookup for sockets that hands out only addresses that the policy lets through. It runs when a connection is made, so
 * a name that pointed elsewhere when it was checked (DNS rebinding) is caught.
 */
export function guardedLookup(
  policy: AddressPolicy,
  resolve: Resolve = systemLookup,
): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, "");
      const open = addresses.filter(({ address }) => policy.refusal(address) === undefined);
      const [first] = open;
      if (first === undefined) {
        const found = addresses.map(({ address }) => `${address} ${policy.refusal(address)}`);
        return callback(
          new RefusedAddressError(hostname, found.join(", ") || "has no address"),
          "",
        );
      }
      if (options.all === true) return callback(null, open);
      return callback(null, first.address, first.family);
    });
  };
}

/** A connection was not made because of where it would have gone. */
export class RefusedAddressError extends Error {
  override readonly name = "RefusedAddressError";
  readonly code = "ERR_ADDRESS_REFUSED";

  constructor(host: string, problem: string) {
    super(`${host}: ${problem}; see allowPrivateNetworks`);
  }
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

function innermost(address: Address): Address {
  if (!(address instanceof ipaddr.IPv6)) return address;
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  // Only the well-known prefix 64:ff9b::/96 puts the IPv4 address into the last 32 bits for sure.
  if (!isWithin(address, ipaddr.parseCIDR("64:ff9b::/96"))) return address;
  return new ipaddr.IPv4(address.toByteArray().slice(12));
}

function isWithin(address: Address, [network, bits]: [Address, number]): boolean {
  return (
    address.kind() === network.kind() && address.match([network, bits] as [ipaddr.IPv4, number])
  );
}
