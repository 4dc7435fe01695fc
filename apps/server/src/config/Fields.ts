/**
 * The kinds of values a configuration key may hold, each waiting for the documentation of its key: what the sections are built from.
 * A value may arrive as text even where a number or a flag is meant, since variables are substituted in scalars; these schemas read both.
 * Documentation and checks sit on the encoded side: there the JSON Schema finds them, and there all problems of a file show in one pass.
 */
import { BigDecimal, ByteSize, Duration, Effect, Option, Redacted, Result, Schema, SchemaGetter } from "effect"

/** What is said about one key; `default` is in the form the file would have it. */
export interface Doc<Encoded> {
  readonly description?: string
  readonly default?: Encoded
}

/** A kind of value, waiting for the documentation of the key it is used for. */
export type Field<S extends Schema.Top> = (doc: Doc<S["Encoded"]>) => S

/** A key that must be there. */
export const required = <S extends Schema.Top>(field: Field<S>, description: string): S => field({ description })

/** A key that may be left out; absent is absent. */
export const optional = <S extends Schema.Top>(field: Field<S>, description: string): Schema.optionalKey<S> => Schema.optionalKey(field({ description }))

/** A key that may be left out and then has this value, written as in the file. */
export const defaulted = <S extends Schema.Top>(field: Field<S>, fallback: S["Encoded"], description: string): Schema.withDecodingDefaultKey<S> =>
  field({ description, default: fallback }).pipe(Schema.withDecodingDefaultKey(Effect.succeed(fallback)))

/** The description alone, for kinds whose default has another form than their value. */
export const described = (doc: { readonly description?: string }) => doc.description === undefined ? {} : { description: doc.description }

/** A mapping with these keys and no others. */
export const section = <const Fields extends Schema.Struct.Fields>(fields: Fields): Field<Schema.Struct<Fields>> => (doc) =>
  Schema.Struct(fields).annotate({ ...described(doc), message: "Expected a mapping of keys" })

/** A list. */
export const list = <S extends Schema.Top>(item: Field<S>): Field<Schema.$Array<S>> => (doc) =>
  Schema.Array(item({})).annotate({ ...described(doc), message: "Expected a list" })

/** A mapping whose keys are free. */
export const table = <S extends Schema.Top>(value: Field<S>): Field<Schema.$Record<Schema.String, S>> => (doc) =>
  Schema.Record(Schema.String, value({})).annotate({ ...described(doc), message: "Expected a mapping" })

/** A text that is not empty. */
export const text: Field<Schema.String> = (doc) => Schema.String.annotate({ ...doc, message: aText }).check(notEmpty)

/** One of a few words. */
export const oneOf = <const Words extends ReadonlyArray<string>>(words: Words) => (doc: Doc<Words[number]>): Schema.Literals<Words> =>
  Schema.Literals(words).annotate({
    ...described(doc),
    ...(doc.default === undefined ? {} : { default: doc.default }),
    message: `Expected one of ${words.join(", ")}`
  })

/** How a text becomes a value and back; `wanted` names what is expected, in messages that never hold the text itself, which may be a secret. */
export interface TextKind<T> {
  readonly title: string
  readonly wanted: string
  readonly read: (input: string) => Option.Option<T>
  readonly write: (value: T) => string
}

/** A text that `read` understands. */
export const parsedText = <T>(to: Schema.Codec<T>, kind: TextKind<T>) => (doc: Doc<string>) =>
  Schema.String.annotate({ ...doc, title: kind.title, message: `Expected ${kind.wanted}` }).check(readable(kind.read, kind.wanted)).pipe(
    Schema.decodeTo(to, { decode: SchemaGetter.transformOptional(Option.flatMap(kind.read)), encode: SchemaGetter.transform(kind.write) })
  )

/** A whole number within bounds, both inclusive. */
export const integer = (minimum: number, maximum: number = Number.MAX_SAFE_INTEGER) => {
  const wanted = maximum === Number.MAX_SAFE_INTEGER ? `a whole number of at least ${minimum}` : `a whole number from ${minimum} to ${maximum}`
  return number("integer", wanted, Schema.Int.check(Schema.isBetween({ minimum, maximum })))
}

/** A number above zero. */
export const positiveNumber = number("number", "a number above 0", Schema.Finite.check(Schema.isGreaterThan(0)))

/** Yes or no. */
export const flag = (doc: Doc<boolean | "true" | "false">) =>
  Schema.Union([Schema.Boolean, Schema.Literals(["true", "false"])]).annotate({ ...doc, title: "boolean", message: "Expected true or false" }).pipe(
    Schema.decodeTo(Schema.Boolean, {
      decode: SchemaGetter.transform((value) => value === true || value === "true"),
      encode: SchemaGetter.transform((value: boolean): boolean | "true" | "false" => value)
    })
  )

/** A length of time of zero or more. */
export const duration = durationWhere("a duration such as \"250 millis\", \"5 seconds\", \"2 minutes\" or \"90 days\"", (value) => !Duration.isNegative(value))

/** A length of time above zero. */
export const positiveDuration = durationWhere("a duration above zero such as \"5 seconds\", \"2 minutes\" or \"90 days\"", Duration.isPositive)

/** A number of bytes. */
export const byteSize = parsedText(Schema.ByteSize, {
  title: "byte size",
  wanted: "a byte size such as \"64KiB\", \"32MiB\" or \"1GB\"",
  read: ByteSize.fromString,
  write: (value) => `${value}B`
})

/** The number of bytes; a size beyond the safe integers bounds nothing anyway. */
export const toBytes = (size: ByteSize.ByteSize): number => Option.getOrElse(ByteSize.toNumber(size), () => Number.MAX_SAFE_INTEGER)

/** An amount of US dollars, exact to the digit written. */
export const dollars = (doc: Doc<number | string>) => {
  const wanted = "an amount in US dollars such as \"25.00\""
  const read = (input: number | string) => /^\d+(\.\d+)?$/.test(`${input}`) ? BigDecimal.fromString(`${input}`) : Option.none()
  return Schema.Union([Schema.Finite, Schema.String]).annotate({ ...doc, title: "decimal", message: `Expected ${wanted}` }).check(readable(read, wanted)).pipe(
    Schema.decodeTo(Schema.BigDecimal, { decode: SchemaGetter.transformOptional(Option.flatMap(read)), encode: SchemaGetter.transform(BigDecimal.format) })
  )
}

/** A text that must never be printed; one line, not empty. */
export const secret = (doc: Doc<string>) =>
  Schema.RedactedFromValue(Schema.String.annotate({ ...doc, title: "secret", message: aText }).check(notEmpty, oneLine))

/** An http or https URL without credentials, query or fragment; slashes at its end are taken off. */
export const httpUrl = parsedText(Schema.String, {
  title: "URL",
  wanted: "an http or https URL without user, query or fragment",
  read: (input) =>
    urlOf(input).pipe(
      Option.filter((url) => /^https?:$/.test(url.protocol) && url.username === "" && url.search === "" && url.hash === ""),
      Option.map(() => input.replace(/\/+$/, ""))
    ),
  write: (url) => url
})

/** A URL that may hold a password, beginning with one of these schemes (`http:`, `https:`). */
export const secretUrl = (...protocols: ReadonlyArray<string>) =>
  parsedText(Schema.Redacted(Schema.String), {
    title: "secret URL",
    wanted: `a URL beginning with ${protocols.map((protocol) => `${protocol}//`).join(" or ")}`,
    read: (input) => urlOf(input).pipe(Option.filter((url) => protocols.includes(url.protocol) && url.host !== ""), Option.map(() => Redacted.make(input))),
    write: Redacted.value
  })

// internal

const aText = "Expected a text (quote it if it looks like a number)"

const notEmpty = Schema.isMinLength(1, { message: "must not be empty" })

// Values become HTTP headers; a line break there would end the header
const oneLine = Schema.isPattern(/^[^\r\n\0]*$/, { message: "must be one line" })

const urlOf = (input: string): Option.Option<URL> => Result.getSuccess(Result.try(() => new URL(input)))

const readable = <A, T>(read: (input: A) => Option.Option<T>, wanted: string) =>
  Schema.makeFilter((input: A) => Option.isSome(read(input)), { message: `Expected ${wanted}` })

function durationWhere(wanted: string, allowed: (value: Duration.Duration) => boolean) {
  return parsedText(Schema.Duration, {
    title: "duration",
    wanted,
    read: (input) => Option.filter(Schema.decodeOption(Schema.DurationFromString)(input), (value) => Duration.isFinite(value) && allowed(value)),
    write: (value) => `${Duration.toMillis(value)} millis`
  })
}

function number(title: string, wanted: string, allowed: Schema.Codec<number>) {
  const isAllowed = Schema.is(allowed)
  const read = (input: number | string) => Option.filter(Option.some(Number(input)), (value) => `${input}`.trim() !== "" && isAllowed(value))
  return (doc: Doc<number | string>) =>
    Schema.Union([allowed, Schema.String]).annotate({ ...doc, title, message: `Expected ${wanted}` }).check(readable(read, wanted)).pipe(
      Schema.decodeTo(Schema.Finite, { decode: SchemaGetter.transformOptional(Option.flatMap(read)), encode: SchemaGetter.transform((value: number) => value) })
    )
}
