// Every table of the database, for the ORM. Rows are read and written through the files beside this folder.
import { AuditCheckpointEntity, AuditEntity } from './audit.ts';
import { AwsAttachmentEntity, AwsIntegrationEntity } from './aws.ts';
import { ApiKeyEntity, RoleBindingEntity, RoleEntity, SessionEntity } from './identity.ts';
import {
  ChangeSetEntity,
  DependencyEntity,
  LockWaiterEntity,
  OperationEntity,
  OperationStepEntity,
  ProjectEntity,
  ResourceEntity,
} from './intent.ts';
import { LoginEntity } from './logins.ts';
import { ProjectConfigEntity, ProviderConfigEntity } from './project-config.ts';
import { PersonalTokenEntity } from './personal-tokens.ts';
import {
  AccessRuleEntity,
  BrowserSessionEntity,
  InvitationEntity,
  OAuthGrantEntity,
  OAuthRecordEntity,
  UserEntity,
  UserGroupEntity,
  UserGroupMemberEntity,
} from './people.ts';
import { PolicyAttachmentEntity, PolicyEntity, PolicySampleEntity } from './policies.ts';
import { ProviderBinaryEntity, ProviderSchemaEntity } from './providers.ts';
import { DataKeyEntity, SettingEntity } from './settings.ts';
import { SpaceEntity } from './spaces.ts';
import { ProjectExpiryEntity, ProjectNoticeEntity, ProjectWatchEntity } from './upkeep.ts';

export const entities = [
  SpaceEntity,
  ApiKeyEntity,
  RoleEntity,
  RoleBindingEntity,
  SessionEntity,
  UserEntity,
  BrowserSessionEntity,
  InvitationEntity,
  UserGroupEntity,
  UserGroupMemberEntity,
  AccessRuleEntity,
  OAuthGrantEntity,
  OAuthRecordEntity,
  PersonalTokenEntity,
  LoginEntity,
  PolicyEntity,
  PolicyAttachmentEntity,
  PolicySampleEntity,
  ProjectEntity,
  LockWaiterEntity,
  ProjectConfigEntity,
  ProjectExpiryEntity,
  ProjectWatchEntity,
  ProjectNoticeEntity,
  ProviderConfigEntity,
  AwsIntegrationEntity,
  AwsAttachmentEntity,
  ResourceEntity,
  OperationEntity,
  OperationStepEntity,
  DependencyEntity,
  ChangeSetEntity,
  AuditEntity,
  AuditCheckpointEntity,
  ProviderSchemaEntity,
  ProviderBinaryEntity,
  SettingEntity,
  DataKeyEntity,
] as const;
