// Login policies: who may come in, and with what rights for as long as the session lasts.
export { judgeLogin } from './judge-login.ts';
export { loginRights } from './login-rights.ts';
export { loginInputSchema } from '../../policy/index.ts';
export { grantSubject, isRootAdmin, type LoginRights, type LoginSubject, withoutRootAdmin } from './subject.ts';
