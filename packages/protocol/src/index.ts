/** protocol */
export {}
