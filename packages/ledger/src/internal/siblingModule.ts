/**
 * URL of a module in the caller's folder, with the caller's own extension: `.ts` when the sources run by type
 * stripping (development, vitest), `.js` after the build. The compiler rewrites import specifiers, not URLs.
 */

/** The sibling `name` of the module at `importMetaUrl`; `name` without extension. */
export const siblingModule = (importMetaUrl: string, name: string): URL =>
  new URL(`${name}${importMetaUrl.slice(importMetaUrl.lastIndexOf("."))}`, importMetaUrl)
