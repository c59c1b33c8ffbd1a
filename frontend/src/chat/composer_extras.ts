// The parts that every composer has, in the order in which they are asked. Fetched after the first load.
// A new one is a line here; it meets the composer through composer_parts.ts only.

import { CompletionPart } from "./completion";
import { DraftsPart } from "./composer_drafts";
import type { ComposerPart, Desk, MakePart } from "./composer_parts";
import { PreviewPart } from "./composer_preview";
import { SlashPart } from "./composer_slash";
import { WritingPart } from "./composer_writing";
import { UploadsPart } from "./uploads/part";

const PARTS: MakePart[] = [
  (desk) => new CompletionPart(desk),
  (desk) => new PreviewPart(desk),
  (desk) => new WritingPart(desk),
  (desk) => new SlashPart(desk),
  (desk) => new DraftsPart(desk),
  (desk) => new UploadsPart(desk),
];

export function makeParts(desk: Desk): ComposerPart[] {
  return PARTS.map((make) => make(desk));
}
