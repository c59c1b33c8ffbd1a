// Passkeys on the sign-in and account pages: asks the browser for a credential and posts it as JSON in a hidden field.
// Called by auth.ts. Never keeps a credential, and never writes markup: it works under Trusted Types.

type Json = Record<string, unknown>;

function bytes(text: string): ArrayBuffer {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  const raw = atob(base64.padEnd(Math.ceil(base64.length / 4) * 4, "="));
  return Uint8Array.from(raw, (char) => char.charCodeAt(0)).buffer;
}

function text(buffer: ArrayBuffer | null): string | null {
  if (buffer === null) return null;
  const raw = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(raw).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function withBytes(list: unknown): PublicKeyCredentialDescriptor[] {
  return ((list ?? []) as Json[]).map((item) => ({ ...item, type: "public-key", id: bytes(item["id"] as string) }));
}

function creation(options: Json, alone: boolean): PublicKeyCredentialCreationOptions {
  const user = options["user"] as Json;
  const selection = {
    ...((options["authenticatorSelection"] ?? {}) as AuthenticatorSelectionCriteria),
    residentKey: alone ? "required" : "discouraged",
    requireResidentKey: alone,
    ...(alone ? { userVerification: "required" } : {}),
  } as AuthenticatorSelectionCriteria;
  return {
    ...(options as unknown as PublicKeyCredentialCreationOptions),
    challenge: bytes(options["challenge"] as string),
    user: { ...user, id: bytes(user["id"] as string) } as PublicKeyCredentialUserEntity,
    excludeCredentials: withBytes(options["excludeCredentials"]),
    authenticatorSelection: selection,
  };
}

function request(options: Json): PublicKeyCredentialRequestOptions {
  return {
    ...(options as unknown as PublicKeyCredentialRequestOptions),
    challenge: bytes(options["challenge"] as string),
    allowCredentials: withBytes(options["allowCredentials"]),
  };
}

function attestation(response: AuthenticatorAttestationResponse): Json {
  return {
    clientDataJSON: text(response.clientDataJSON),
    attestationObject: text(response.attestationObject),
    transports: response.getTransports?.() ?? [],
  };
}

function assertion(response: AuthenticatorAssertionResponse): Json {
  return {
    clientDataJSON: text(response.clientDataJSON),
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
    userHandle: text(response.userHandle),
  };
}

function json(credential: PublicKeyCredential): string {
  const response = credential.response;
  const answer = "attestationObject" in response
    ? attestation(response as AuthenticatorAttestationResponse)
    : assertion(response as AuthenticatorAssertionResponse);
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: answer,
    clientExtensionResults: credential.getClientExtensionResults(),
    authenticatorAttachment: credential.authenticatorAttachment,
  });
}

function send(form: HTMLFormElement, credential: Credential | null): void {
  if (credential === null) throw new DOMException("no credential", "NotAllowedError");
  (form.elements.namedItem("credential") as HTMLInputElement).value = json(credential as PublicKeyCredential);
  form.submit();
}

async function challenge(form: HTMLFormElement): Promise<Json> {
  const inPage = form.dataset["json"];
  if (inPage) {
    const data = JSON.parse(document.getElementById(inPage)?.textContent ?? "{}") as Json;
    return ((data["creation_options"] ?? data["request_options"]) as Json)["publicKey"] as Json;
  }
  const answer = await fetch(form.dataset["options"] ?? "", { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(answer.status === 429 ? "Too many attempts. Wait a minute, then try again." : "The server did not answer. Try again.");
  const data = (await answer.json()) as { request_options: Json };
  return data.request_options["publicKey"] as Json;
}

function words(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "AbortError") return "The passkey was not used. Try again, or take another way.";
  if (name === "InvalidStateError") return "This device holds a passkey for your account already.";
  if (name === "SecurityError") return "Passkeys do not work at this address.";
  return error instanceof Error && name === "" ? error.message : "The passkey did not work. Take another way.";
}

function say(form: HTMLFormElement, sentence: string): void {
  const line = form.querySelector<HTMLElement>("[data-passkey-error]");
  if (!line) return;
  line.textContent = sentence;
  line.hidden = sentence === "";
}

let waiting: AbortController | null = null;

async function use(form: HTMLFormElement): Promise<void> {
  waiting?.abort();
  say(form, "");
  const options = await challenge(form);
  if (form.dataset["passkey"] === "add") {
    const alone = form.elements.namedItem("passwordless") as HTMLInputElement | null;
    send(form, await navigator.credentials.create({ publicKey: creation(options, alone?.checked ?? false) }));
  } else {
    send(form, await navigator.credentials.get({ publicKey: request(options) }));
  }
}

/** Offers passkeys in the browser's own list below the e-mail field, from the moment it is used. */
async function offerInField(form: HTMLFormElement): Promise<void> {
  const field = document.querySelector<HTMLInputElement>("input[autocomplete~=webauthn]");
  if (!field || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  const offer = async (): Promise<void> => {
    waiting = new AbortController();
    const publicKey = request(await challenge(form));
    send(form, await navigator.credentials.get({ publicKey, mediation: "conditional", signal: waiting.signal }));
  };
  // Nothing is said when it comes to nothing: nobody asked for it, and the button is still there.
  field.addEventListener("input", () => void offer().catch(() => undefined), { once: true });
}

/** Shows every passkey form that this browser can serve and makes it work. */
export function setUpPasskeys(root: Document): void {
  // A passkey belongs to a host's name: at an address in figures every browser refuses it.
  const named = !/^[\d.]+$|^\[/.test(location.hostname);
  const can = named && "PublicKeyCredential" in window && "credentials" in navigator;
  for (const note of root.querySelectorAll<HTMLElement>("[data-no-passkeys]")) note.hidden = can;
  if (!can) return;
  for (const line of root.querySelectorAll<HTMLElement>("[data-with-passkey]")) line.hidden = false;
  for (const form of root.querySelectorAll<HTMLFormElement>("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      use(form).catch((error: unknown) => say(form, words(error)));
    });
    if (form.dataset["passkey"] === "sign-in") void offerInField(form).catch(() => undefined);
  }
}
