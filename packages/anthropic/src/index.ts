/** anthropic */
export {}
