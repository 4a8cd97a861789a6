// People: users, their passwords, the links that invite them, and the sessions of their browsers.
export { beginCliSession } from './cli-session.ts';
export { acceptInvitation, invitationIsOpen, inviteFirstAdmin, type NewUser } from './invitations.ts';
export {
  beginSession,
  createSignIn,
  endSession,
  findActiveUser,
  findSignedIn,
  SESSION_SECONDS,
  type NewSession,
  type SignedIn,
  type SignIn,
} from './sign-in.ts';
