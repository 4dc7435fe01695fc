/** testing */
export {}
