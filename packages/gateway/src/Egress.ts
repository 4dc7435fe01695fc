/**
 * Where requests of the gateway may go. Where they go is configuration, never what a caller says; but a name may be made to lead
 * somewhere else. Each connection is made to an address that was looked up and judged for it: one of a private network is refused unless
 * the configuration says that the name may lead there. Redirects are followed nowhere.
 */
import * as Dns from "node:dns"
import { BlockList, isIP, type LookupFunction } from "node:net"

/** What the names of a provider may lead to. */
export interface Policy {
  /** Whether they may lead into a private network: this machine, its own networks, what hands out a cloud's credentials. Absent = no. */
  readonly private?: boolean
  /** Who is asked for the addresses of names. Absent = the system. */
  readonly resolve?: Resolve
}

/** The code of the error with which a connection is refused. */
export const refusedCode = "ERR_PRIVATE_ADDRESS"

/** Asks for the addresses of a name, all of them. */
export type Resolve = (
  hostname: string,
  options: Dns.LookupAllOptions,
  onDone: (error: NodeJS.ErrnoException | null, addresses: Array<Dns.LookupAddress>) => void
) => void

// The registries of special addresses (RFC 6890 and its updates) that are not reached over the open internet
const v4Networks = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4]
] as const

const v6Networks = [["::", 127], ["fc00::", 7], ["fe80::", 10], ["fec0::", 10], ["ff00::", 8]] as const

const networks = new BlockList()
for (const [network, prefix] of v4Networks) networks.addSubnet(network, prefix, "ipv4")
for (const [network, prefix] of v6Networks) networks.addSubnet(network, prefix, "ipv6")

/** Prefixes of IPv6 addresses that lead to the IPv4 address in them: translated (RFC 6052) at its end, 6to4 (RFC 3056) behind its prefix. */
const translated = new BlockList()
translated.addSubnet("64:ff9b::", 96, "ipv6")
translated.addSubnet("64:ff9b:1::", 48, "ipv6")
translated.addSubnet("2002::", 16, "ipv6")

/**
 * Whether an address is one of a private network. An IPv6 address that hides an IPv4 address in it counts as private, whichever it hides:
 * nobody names a provider so.
 */
export const isPrivate = (address: string): boolean => {
  const [plain = address] = address.split("%")
  const family = isIP(plain)
  if (family === 4) return networks.check(plain, "ipv4")
  if (family === 6) return networks.check(plain, "ipv6") || translated.check(plain, "ipv6")
  return true
}

/** Whether a host is this machine by its very name (RFC 6761), so that whoever named it meant it. */
const isLocalName = (hostname: string): boolean => /(?:^|\.)localhost\.?$/i.test(hostname)

const refusal = (hostname: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`${hostname} leads to an address of a private network`), { code: refusedCode })

/**
 * Looks names up for connections, in place of the system's lookup: what it gives is what is connected to, so that nothing can change
 * between the judgement and the connection. Addresses that stand in the configuration themselves are not looked up, and not judged.
 */
export const lookup = ({ private: isAnywhere = false, resolve = Dns.lookup }: Policy): LookupFunction => (hostname, options, onDone) => {
  resolve(hostname, { ...options, all: true }, (error, found) => {
    if (error !== null) return onDone(error, "")
    const allowed = isAnywhere || isLocalName(hostname) ? found : found.filter(({ address }) => !isPrivate(address))
    const [first] = allowed
    if (first === undefined) return onDone(refusal(hostname), "")
    if (options.all === true) onDone(null, allowed)
    else onDone(null, first.address, first.family)
  })
}
