// People: users and their groups, the links that invite them, and what they are signed in with.
export {
  addMember,
  createGroup,
  deleteGroup,
  type GroupChanges,
  type NewGroup,
  removeMember,
  updateGroup,
} from './change-groups.ts';
export { type ChangePassword, createPasswordChange, hasPassword, type PasswordChange } from './change-password.ts';
export { beginCliSession } from './cli-session.ts';
export { exchangeGithubToken } from './exchange-github-token.ts';
export { createGithub, type Github } from './github.ts';
export { findGroup, findGroups, type GroupRecord, listGroups, listMembers } from './groups.ts';
export {
  type Accepted,
  acceptInvitation,
  findOpenInvitation,
  inviteFirstAdmin,
  type OpenInvitation,
} from './invitations.ts';
export { inviteUser, type NewInvitation, renewInvitation, resetPassword } from './invite-user.ts';
export {
  endAllSessions,
  endAnySession,
  endOtherSessions,
  endOwnSession,
  listOwnSessions,
  listSessionsOf,
  type SessionRecord,
} from './sessions.ts';
export {
  beginSession,
  browserSessionId,
  createSignIn,
  endSession,
  findActiveUser,
  findSignedIn,
  SESSION_SECONDS,
  type NewSession,
  type SignedIn,
  type SignIn,
} from './sign-in.ts';
export { signInBySso, type SsoAdmission, type SsoIdentity } from './sso-sign-in.ts';
export type { UserRecord } from './user-record.ts';
export { activateUser, deactivateUser, deleteUser, findUser, findUsersWith, listUsers, updateUser } from './users.ts';
