// The page docs/reference/capabilities.md, made from the table of test/capabilities.
import { capabilities, type Capability, type Place } from "../test/capabilities/Capabilities.ts"
import { anchorOf, sourceOf } from "../test/capabilities/Places.ts"

const link = (place: Place): string => `[\`${place.module}\`](../../${sourceOf(place)}): \`${place.name}\``

const list = (items: ReadonlyArray<string>): string => items.map((item) => `  - ${item}`).join("\n")

const section = ({ byDefault, does, example, inTests, services, tests, title }: Capability): string =>
  `## ${title}

To ${does}. [Example](../guides/extend.md#${anchorOf(example)}).

- Service, or the shape that is registered:
${list(services.map(link))}
- By default: ${typeof byDefault === "string" ? byDefault : link(byDefault)}
- In tests: ${link(inTests)}
- Held by:
${list(tests.map(({ by, path }) => `"${by.trim()}", in [${path}](../../${path})`))}
`

/** The page. */
export const capabilitiesReference = (): string =>
  `# Capabilities

This page is generated from [Capabilities.ts](../../test/capabilities/Capabilities.ts) (\`npm run docs\`). A test holds every line: services
and Layers are exports that exist, the tests are there under their names, and the examples compile.

${capabilities.map(section).join("\n")}`
