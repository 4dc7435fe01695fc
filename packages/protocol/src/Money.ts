/**
 * Amounts of US dollars as whole numbers, so that adding and comparing them is exact: prices are fractions of a cent for a million
 * tokens, and a sum of rounded costs is not the cost of the sum.
 */
import * as Brand from "effect/Brand"
import * as Option from "effect/Option"

/** An amount in pico-dollars (10⁻¹² US dollars). Never negative. */
export type Money = bigint & Brand.Brand<"Money">

const brand = Brand.nominal<Money>()

/** Decimal places of a pico-dollar. */
const places = 12

const picosPerNano = 1000n

/** Nothing. */
export const zero: Money = brand(0n)

/** An amount from its pico-dollars; less than nothing counts as nothing. */
export const fromPicos = (picos: bigint): Money => brand(picos < 0n ? 0n : picos)

/** An amount from nano-dollars, the unit of the sums in the ledger. */
export const fromNanos = (nanos: bigint): Money => fromPicos(nanos * picosPerNano)

/** An amount from decimal text such as `25.00` or `0.000182`. None where it is no such text, or finer than a pico-dollar. */
export const fromDecimal = (text: string): Option.Option<Money> => {
  const [, whole = "", fraction = ""] = /^(\d{1,15})(?:\.(\d{1,12})0*)?$/.exec(text) ?? []
  return whole === "" ? Option.none() : Option.some(brand(BigInt(whole + fraction.padEnd(places, "0"))))
}

/** Decimal text with as many digits as the amount has, and no more: `25`, `0.000182`. */
export const toDecimal = (money: Money): string => {
  const digits = money.toString().padStart(places + 1, "0")
  const fraction = digits.slice(-places).replace(/0+$/, "")
  return fraction === "" ? digits.slice(0, -places) : `${digits.slice(0, -places)}.${fraction}`
}

/** Nano-dollars, rounded up: what is added up in databases, where a part of a nano-dollar would be lost. */
export const toNanos = (money: Money): bigint => (money + picosPerNano - 1n) / picosPerNano

/** The sum of two amounts. */
export const add = (left: Money, right: Money): Money => brand(left + right)

/** What is left of an amount after another is taken from it; nothing where the other is greater. */
export const minus = (left: Money, right: Money): Money => fromPicos(left - right)

/** The greater of two amounts. */
export const max = (left: Money, right: Money): Money => left > right ? left : right
