/**
 * Text in pieces small enough for a byte-pair encoding, whose time grows with the square of an unbroken run of letters: a cut
 * costs at most one token, an uncut megabyte of one letter would cost minutes.
 */

/** The longest piece, and the longest run without white space, in UTF-16 units. */
const maxPiece = 4_096
const maxRun = 256

const isSpace = (code: number): boolean => code === 32 || (code >= 9 && code <= 13)

/** Half a surrogate pair at a cut belongs to the next piece. */
const whole = (text: string, end: number): number => {
  const last = text.charCodeAt(end - 1)
  return end < text.length && last >= 0xd800 && last < 0xdc00 ? end - 1 : end
}

/** The pieces of a text, which joined are the text. Cuts are made before white space where there is any. */
export const of = (text: string): ReadonlyArray<string> => {
  const pieces: Array<string> = []
  let start = 0
  let space = 0
  for (let at = 0; at < text.length; at++) {
    if (isSpace(text.charCodeAt(at))) {
      if (at - start >= maxPiece) {
        pieces.push(text.slice(start, at))
        start = at
      }
      space = at
    } else if (at - Math.max(space, start) >= maxRun) {
      const end = whole(text, at)
      pieces.push(text.slice(start, end))
      start = end
      space = end
    }
  }
  if (start < text.length) pieces.push(text.slice(start))
  return pieces
}
