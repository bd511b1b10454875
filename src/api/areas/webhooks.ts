import {
  createWebhook,
  deleteWebhook,
  deliveryAttempts,
  enableWebhook,
  listDeliveries,
  listWebhooks,
  pingWebhook,
  redeliver,
  rotateWebhookSecret,
  type NewWebhook,
} from '../../service/webhooks.ts';
import type { DeliveryRecord, WebhookRecord } from '../../store/index.ts';
import { idIn, valueOf, type Area } from '../area.ts';
import { connection, DEFAULT_PAGE, idPage, PLAIN_CONNECTION } from '../connection.ts';
import { payload } from '../payload.ts';
import { ADMINS } from '../roles.ts';
import { ANNOUNCEMENT_NAMES, kindsNamed } from './announcements.ts';

/** Who is told what happens, for admins. */
export const webhookArea: Area = {
  operations: {
    webhooks: { on: 'Query', roles: ADMINS, run: ({ service }) => listWebhooks(service) },
    webhookDeliveries: {
      on: 'Query',
      roles: ADMINS,
      run: async ({ service }, args) => {
        const page = idPage(args);
        const listed = await listDeliveries(service, String(args['webhookId']), page);
        return connection(valueOf(listed), page);
      },
    },
    webhookCreate: {
      on: 'Mutation',
      roles: ADMINS,
      run: ({ service }, { input }, principal) =>
        payload(async () => {
          const { kinds, ...asked } = input as NewWebhook;
          const wanted = { ...asked, kinds: kinds && kindsNamed(kinds) };
          return valueOf(await createWebhook(service, principal, wanted));
        }),
    },
    webhookSecretRotate: {
      on: 'Mutation',
      roles: ADMINS,
      run: ({ service }, { input }, principal) =>
        payload(async () => {
          const { id, graceSeconds } = input as {
            readonly id: string;
            readonly graceSeconds: number;
          };
          return valueOf(await rotateWebhookSecret(service, principal, id, graceSeconds));
        }),
    },
    webhookDisable: {
      on: 'Mutation',
      roles: ADMINS,
      run: ({ service }, args, principal) =>
        payload(async () => ({
          webhook: valueOf(await enableWebhook(service, principal, idIn(args), false)),
        })),
    },
    webhookEnable: {
      on: 'Mutation',
      roles: ADMINS,
      run: ({ service }, args, principal) =>
        payload(async () => ({
          webhook: valueOf(await enableWebhook(service, principal, idIn(args), true)),
        })),
    },
    webhookDelete: {
      on: 'Mutation',
      roles: ADMINS,
      run: ({ service }, args, principal) =>
        payload(async () => ({
          deletedId: valueOf(await deleteWebhook(service, principal, idIn(args))),
        })),
    },
    webhookPing: {
      on: 'Mutation',
      roles: ADMINS,
      run: ({ service }, args, principal) =>
        payload(async () => ({
          delivery: valueOf(await pingWebhook(service, principal, idIn(args))),
        })),
    },
    webhookRedeliver: {
      on: 'Mutation',
      roles: ADMINS,
      run: ({ service }, args, principal) =>
        payload(async () => ({
          delivery: valueOf(await redeliver(service, principal, idIn(args))),
        })),
    },
  },
  fields: {
    Webhook: {
      kinds: (_api, { kinds }: WebhookRecord) => kinds.map((kind) => ANNOUNCEMENT_NAMES.get(kind)),
    },
    WebhookDelivery: {
      attempts: ({ service }, delivery: DeliveryRecord) => deliveryAttempts(service, delivery),
    },
    WebhookDeliveryConnection: PLAIN_CONNECTION,
  },
  costs: { attempts: 5 },
  lists: { webhookDeliveries: DEFAULT_PAGE, webhooks: 10 },
};
