/** `secret_result` -> `secretResult`, `sha256_hex` -> `sha256Hex`. */
export function camelCase(name: string): string {
  const pascal = pascalCase(name);
  return pascal.charAt(0).toLowerCase() + pascal.slice(1);
}

/** `sandbox_pet` -> `SandboxPet` */
export function pascalCase(name: string): string {
  const words = name.split(/[_-]+/).filter((word) => word !== '');
  const joined = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return /^[0-9]/.test(joined) ? `_${joined}` : joined;
}
