// The text of every document that is edited: 100,000 characters of ASCII in lines. bench/ours/room.py makes the same.
"use strict";
const LINE = "def area(width, height):\n    return width * height  # of a rectangle\n";
const LENGTH = 100_000;

module.exports = LINE.repeat(Math.ceil(LENGTH / LINE.length)).slice(0, LENGTH);
