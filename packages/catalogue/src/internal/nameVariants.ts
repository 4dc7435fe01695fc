/**
 * The names under which a price may be found: providers and clients write a model with a vendor before it, a date behind it, a path
 * around it. From the most exact to the least; all in lower case.
 */

const dated = /-(?:20\d{2}-\d{2}-\d{2}|20\d{6}|\d{2}-20\d{2})(?=$|[:@-])/

const withDashes = /-(20\d{2})(\d{2})(\d{2})$/

/** Every name to look for, once each. */
export const variants = (name: string): ReadonlyArray<string> => {
  const given = name.trim().toLowerCase()
  const bare = given.slice(given.lastIndexOf("/") + 1)
  const found: Array<string> = []
  for (const each of [given, bare]) {
    const unpinned = each.replace("@", "-")
    found.push(each, unpinned, unpinned.replace(withDashes, "-$1-$2-$3"), unpinned.replace(dated, ""), unpinned.replace(dated, "").replace(/-latest$/, ""))
  }
  // Versions are written with dots by some and with dashes by others
  found.push(...found.map((each) => each.replaceAll(/(?<=\d)\.(?=\d)/g, "-")))
  return [...new Set(found)].filter((each) => each !== "")
}
