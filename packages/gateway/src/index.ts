/** gateway */
export {}
