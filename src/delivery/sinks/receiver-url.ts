import { SecretError, type SecretReader, SecretReference } from "../secrets.ts";

/** The URL that a configuration gives, in clear or by reference. Throws `SecretError` where the secret is no URL. */
export async function parseUrl(urlOrReference: string, secrets: SecretReader): Promise<URL> {
  if (!SecretReference.safeParse(urlOrReference).success) return new URL(urlOrReference);
  const text = await secrets.read(urlOrReference);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.username !== "" ||
    url.password !== ""
  ) {
    throw new SecretError(
      urlOrReference,
      "is not an http or https URL without user name and password",
    );
  }
  return url;
}
