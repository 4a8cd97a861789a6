export type Action = 'SPACE_READ' | 'SPACE_WRITE' | 'SPACE_ADMIN';
