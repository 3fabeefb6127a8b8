/** Media types of the OCI image specification and of Docker's schema 2. */
export const INDEX_TYPES = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
] as const;
export const IMAGE_TYPES = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
] as const;
export const CONFIG_TYPES = [
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
] as const;

/** What a manifest request accepts. Without it registries answer 404 or the old schema 1. */
export const MANIFEST_ACCEPT = [...INDEX_TYPES, ...IMAGE_TYPES].join(", ");

export const isIndexType = (type: string): boolean => (INDEX_TYPES as readonly string[]).includes(type);
export const isImageType = (type: string): boolean => (IMAGE_TYPES as readonly string[]).includes(type);
export const isConfigType = (type: string): boolean => (CONFIG_TYPES as readonly string[]).includes(type);
