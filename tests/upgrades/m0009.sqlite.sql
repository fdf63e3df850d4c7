BEGIN TRANSACTION;
CREATE TABLE activity (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            project TEXT NOT NULL,
            run TEXT,
            kind TEXT NOT NULL,
            actor TEXT NOT NULL,
            at BIGINT NOT NULL,
            data TEXT NOT NULL);
INSERT INTO "activity" VALUES(1,'vision',NULL,'project_created','user:admin',1796073871212067,'{}');
INSERT INTO "activity" VALUES(2,'',NULL,'user_created','user:admin',1796073872673051,'{"name":"ada","role":"member"}');
INSERT INTO "activity" VALUES(3,'',NULL,'token_created','user:admin',1796073873619864,'{"token":"01a22e58-60d3-7b44-b116-7973a2ee293a","principal":"admin"}');
INSERT INTO "activity" VALUES(4,'',NULL,'queue_created','user:admin',1796073874794854,'{"queue":"later","priority":1,"concurrency":null,"quota":{},"paused":false,"selector":{}}');
INSERT INTO "activity" VALUES(5,'',NULL,'queue_changed','user:admin',1796073876399920,'{"queue":"later","priority":1,"concurrency":null,"quota":{},"paused":true,"selector":{}}');
INSERT INTO "activity" VALUES(6,'default',NULL,'member_put','user:admin',1796073877186982,'{"principal":"ada","role":"member"}');
INSERT INTO "activity" VALUES(7,'default',NULL,'component_registered','user:admin',1796073878560579,'{"name":"say","version":"1","digest":"sha256:a8971a3f3cbc8a7baa6b80297f79510cfb3fb6ad67b3959efa74255162064b15"}');
INSERT INTO "activity" VALUES(8,'default','01a22e58-7624-74ef-a51e-d18018940518','status','user:admin',1796073879206124,'{"status":"created","name":"tracked"}');
INSERT INTO "activity" VALUES(9,'default','01a22e58-7624-74ef-a51e-d18018940518','status','core',1796073879206124,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(10,'default','01a22e58-7624-74ef-a51e-d18018940518','status','core',1796073879206124,'{"status":"running"}');
INSERT INTO "activity" VALUES(11,'default','01a22e58-7624-74ef-a51e-d18018940518','artifact_stored','user:admin',1796073879280533,'{"name":"weights.txt","size":7,"digest":"sha256:9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c","kind":"file"}');
INSERT INTO "activity" VALUES(12,'default','01a22e58-7624-74ef-a51e-d18018940518','status','core',1796073879298817,'{"status":"succeeded"}');
INSERT INTO "activity" VALUES(13,'default','01a22e58-7cc4-7143-838e-67e457830693','status','user:admin',1796073880772210,'{"status":"created","name":"swept"}');
INSERT INTO "activity" VALUES(14,'default','01a22e58-7cc4-7143-838e-67e457830693','status','core',1796073880772210,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(15,'default','01a22e58-7cc4-7143-838e-67e457830693','status','core',1796073880772210,'{"status":"running"}');
INSERT INTO "activity" VALUES(16,'default','01a22e58-7d2f-7bf9-86a2-f595c8328c33','status','user:admin',1796073880879130,'{"status":"created","name":"swept-1"}');
INSERT INTO "activity" VALUES(17,'default','01a22e58-7d2f-7bf9-86a2-f595c8328c33','status','core',1796073880879130,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(18,'default','01a22e58-7d2f-7bf9-86a2-f595c8328c33','status','core',1796073880879130,'{"status":"queued"}');
INSERT INTO "activity" VALUES(19,'default','01a22e58-7d35-78ef-b4e1-6c26e742d7d9','status','user:admin',1796073880885304,'{"status":"created","name":"swept-2"}');
INSERT INTO "activity" VALUES(20,'default','01a22e58-7d35-78ef-b4e1-6c26e742d7d9','status','core',1796073880885304,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(21,'default','01a22e58-7d35-78ef-b4e1-6c26e742d7d9','status','core',1796073880885304,'{"status":"queued"}');
INSERT INTO "activity" VALUES(22,'default','01a22e58-7d2f-7bf9-86a2-f595c8328c33','status','agent:local',1796073880887661,'{"status":"scheduled","attempt":1}');
INSERT INTO "activity" VALUES(23,'default','01a22e58-7d35-78ef-b4e1-6c26e742d7d9','status','agent:local',1796073880887661,'{"status":"scheduled","attempt":1}');
INSERT INTO "activity" VALUES(24,'default','01a22e58-7d2f-7bf9-86a2-f595c8328c33','status','agent:local',1796073881136200,'{"status":"running","attempt":1}');
INSERT INTO "activity" VALUES(25,'default','01a22e58-7d35-78ef-b4e1-6c26e742d7d9','status','agent:local',1796073881136200,'{"status":"running","attempt":1}');
INSERT INTO "activity" VALUES(26,'default','01a22e58-7d35-78ef-b4e1-6c26e742d7d9','status','core',1796073881404146,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":1}');
INSERT INTO "activity" VALUES(27,'default','01a22e58-7d35-78ef-b4e1-6c26e742d7d9','status','core',1796073881454475,'{"status":"succeeded","attempt":1}');
INSERT INTO "activity" VALUES(28,'default','01a22e58-7d2f-7bf9-86a2-f595c8328c33','status','core',1796073881472803,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":1}');
INSERT INTO "activity" VALUES(29,'default','01a22e58-7f83-789c-b77f-318c11e4bdd0','status','user:admin',1796073881475255,'{"status":"created","name":"swept-3"}');
INSERT INTO "activity" VALUES(30,'default','01a22e58-7f83-789c-b77f-318c11e4bdd0','status','core',1796073881475255,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(31,'default','01a22e58-7f83-789c-b77f-318c11e4bdd0','status','core',1796073881475255,'{"status":"queued"}');
INSERT INTO "activity" VALUES(32,'default','01a22e58-7f83-789c-b77f-318c11e4bdd0','status','agent:local',1796073881476780,'{"status":"scheduled","attempt":1}');
INSERT INTO "activity" VALUES(33,'default','01a22e58-7f83-789c-b77f-318c11e4bdd0','status','agent:local',1796073881599069,'{"status":"running","attempt":1}');
INSERT INTO "activity" VALUES(34,'default','01a22e58-7d2f-7bf9-86a2-f595c8328c33','status','core',1796073881581061,'{"status":"succeeded","attempt":1}');
INSERT INTO "activity" VALUES(35,'default','01a22e58-7f83-789c-b77f-318c11e4bdd0','status','core',1796073881749880,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":1}');
INSERT INTO "activity" VALUES(36,'default','01a22e58-7f83-789c-b77f-318c11e4bdd0','status','core',1796073881769325,'{"status":"succeeded","attempt":1}');
INSERT INTO "activity" VALUES(37,'default','01a22e58-7cc4-7143-838e-67e457830693','status','core',1796073881797047,'{"status":"succeeded","message":"3 of 3 trials succeeded"}');
INSERT INTO "activity" VALUES(38,'default','01a22e58-83a1-7b7d-9a56-ebd55308ffe8','status','user:admin',1796073882528741,'{"status":"created","name":"retried"}');
INSERT INTO "activity" VALUES(39,'default','01a22e58-83a1-7b7d-9a56-ebd55308ffe8','status','core',1796073882528741,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(40,'default','01a22e58-83a1-7b7d-9a56-ebd55308ffe8','status','core',1796073882528741,'{"status":"queued"}');
INSERT INTO "activity" VALUES(41,'default','01a22e58-83a1-7b7d-9a56-ebd55308ffe8','status','agent:local',1796073882541620,'{"status":"scheduled","attempt":1}');
INSERT INTO "activity" VALUES(42,'default','01a22e58-83a1-7b7d-9a56-ebd55308ffe8','status','agent:local',1796073882612319,'{"status":"running","attempt":1}');
INSERT INTO "activity" VALUES(43,'default','01a22e58-83a1-7b7d-9a56-ebd55308ffe8','status','core',1796073882876163,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":1}');
INSERT INTO "activity" VALUES(44,'default','01a22e58-83a1-7b7d-9a56-ebd55308ffe8','status','core',1796073882888245,'{"status":"retrying","reason":"exit_code","message":"exit code 1; retry 1 of 1 in 0.2 s","attempt":1}');
INSERT INTO "activity" VALUES(45,'default','01a22e58-83a1-7b7d-9a56-ebd55308ffe8','status','core',1796073883465006,'{"status":"queued","attempt":1}');
INSERT INTO "activity" VALUES(46,'default','01a22e58-83a1-7b7d-9a56-ebd55308ffe8','status','agent:local',1796073883473642,'{"status":"scheduled","attempt":2}');
INSERT INTO "activity" VALUES(47,'default','01a22e58-83a1-7b7d-9a56-ebd55308ffe8','status','agent:local',1796073883496249,'{"status":"starting","attempt":2}');
INSERT INTO "activity" VALUES(48,'default','01a22e58-83a1-7b7d-9a56-ebd55308ffe8','status','agent:local',1796073883541880,'{"status":"running","attempt":2}');
INSERT INTO "activity" VALUES(49,'default','01a22e58-83a1-7b7d-9a56-ebd55308ffe8','status','core',1796073883744658,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":2}');
INSERT INTO "activity" VALUES(50,'default','01a22e58-83a1-7b7d-9a56-ebd55308ffe8','status','core',1796073883759898,'{"status":"succeeded","attempt":2}');
INSERT INTO "activity" VALUES(51,'default','01a22e58-8b69-78a0-acc8-97f7136d0b5a','status','user:admin',1796073884521299,'{"status":"created","name":"say"}');
INSERT INTO "activity" VALUES(52,'default','01a22e58-8b69-78a0-acc8-97f7136d0b5a','status','core',1796073884521299,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(53,'default','01a22e58-8b69-78a0-acc8-97f7136d0b5a','status','core',1796073884521299,'{"status":"queued"}');
INSERT INTO "activity" VALUES(54,'default','01a22e58-8b69-78a0-acc8-97f7136d0b5a','status','agent:local',1796073884524944,'{"status":"scheduled","attempt":1}');
INSERT INTO "activity" VALUES(55,'default','01a22e58-8b69-78a0-acc8-97f7136d0b5a','status','agent:local',1796073884604479,'{"status":"starting","attempt":1}');
INSERT INTO "activity" VALUES(56,'default','01a22e58-8b69-78a0-acc8-97f7136d0b5a','status','agent:local',1796073884645891,'{"status":"running","attempt":1}');
INSERT INTO "activity" VALUES(57,'default','01a22e58-8b69-78a0-acc8-97f7136d0b5a','status','core',1796073884645891,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":1}');
INSERT INTO "activity" VALUES(58,'default','01a22e58-8b69-78a0-acc8-97f7136d0b5a','status','core',1796073884648465,'{"status":"succeeded","attempt":1}');
INSERT INTO "activity" VALUES(59,'default','01a22e58-915b-79a5-b5be-2b1ee7b0c77c','status','user:admin',1796073886043450,'{"status":"created","name":"say"}');
INSERT INTO "activity" VALUES(60,'default','01a22e58-915b-79a5-b5be-2b1ee7b0c77c','status','core',1796073886043450,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(61,'default','01a22e58-915b-79a5-b5be-2b1ee7b0c77c','status','core',1796073886043450,'{"status":"queued"}');
INSERT INTO "activity" VALUES(62,'default','01a22e58-8b69-78a0-acc8-97f7136d0b5a','cloned','user:admin',1796073886043450,'{"how":"restart","run":"01a22e58-915b-79a5-b5be-2b1ee7b0c77c"}');
INSERT INTO "activity" VALUES(63,'default','01a22e58-915b-79a5-b5be-2b1ee7b0c77c','status','agent:local',1796073886083680,'{"status":"scheduled","attempt":1}');
INSERT INTO "activity" VALUES(64,'default','01a22e58-915b-79a5-b5be-2b1ee7b0c77c','status','agent:local',1796073886141159,'{"status":"starting","attempt":1}');
INSERT INTO "activity" VALUES(65,'default','01a22e58-915b-79a5-b5be-2b1ee7b0c77c','status','agent:local',1796073886192351,'{"status":"running","attempt":1}');
INSERT INTO "activity" VALUES(66,'default','01a22e58-915b-79a5-b5be-2b1ee7b0c77c','status','core',1796073886192351,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":1}');
INSERT INTO "activity" VALUES(67,'default','01a22e58-915b-79a5-b5be-2b1ee7b0c77c','status','core',1796073886230813,'{"status":"succeeded","attempt":1}');
INSERT INTO "activity" VALUES(68,'default','01a22e58-9812-7d80-b464-8ba7b2033c5b','status','user:admin',1796073887761990,'{"status":"created","name":"waiting"}');
INSERT INTO "activity" VALUES(69,'default','01a22e58-9812-7d80-b464-8ba7b2033c5b','status','core',1796073887761990,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(70,'default','01a22e58-9812-7d80-b464-8ba7b2033c5b','status','core',1796073887761990,'{"status":"running"}');
INSERT INTO "activity" VALUES(71,'default','01a22e58-982b-733f-a2d8-b5f36a102786','status','user:admin',1796073887787086,'{"status":"created","name":"waiting-1"}');
INSERT INTO "activity" VALUES(72,'default','01a22e58-982b-733f-a2d8-b5f36a102786','status','core',1796073887787086,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(73,'default','01a22e58-982b-733f-a2d8-b5f36a102786','status','core',1796073887787086,'{"status":"queued"}');
INSERT INTO "activity" VALUES(74,'default','01a22e58-982c-7d1d-a9cd-b971a9883293','status','user:admin',1796073887788177,'{"status":"created","name":"waiting-2"}');
INSERT INTO "activity" VALUES(75,'default','01a22e58-982c-7d1d-a9cd-b971a9883293','status','core',1796073887788177,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(76,'default','01a22e58-982c-7d1d-a9cd-b971a9883293','status','core',1796073887788177,'{"status":"queued"}');
CREATE TABLE agent (
            name TEXT PRIMARY KEY,
            scheduler TEXT NOT NULL,
            queues TEXT NOT NULL,
            cpu DOUBLE PRECISION NOT NULL,
            memory BIGINT NOT NULL,
            gpu INTEGER NOT NULL,
            draining INTEGER NOT NULL DEFAULT 0,
            seen_at BIGINT NOT NULL, epoch BIGINT NOT NULL DEFAULT 0, labels TEXT NOT NULL DEFAULT '{}', granted TEXT NOT NULL DEFAULT '{}', resources TEXT NOT NULL DEFAULT '{}', allowed TEXT NOT NULL DEFAULT '["*"]', version TEXT NOT NULL DEFAULT '', enrolled INTEGER NOT NULL DEFAULT 0, leaving INTEGER NOT NULL DEFAULT 0);
INSERT INTO "agent" VALUES('local','process','["*"]',2.0,25276502016,0,0,1796073887831899,1,'{}','{}','{}','["*"]','0.1.0',0,0);
CREATE TABLE artifact (
            run TEXT NOT NULL REFERENCES run (id),
            name TEXT NOT NULL,
            kind TEXT NOT NULL,
            size BIGINT NOT NULL,
            digest TEXT NOT NULL,
            data TEXT NOT NULL DEFAULT '{}',
            at BIGINT NOT NULL, source TEXT,
            PRIMARY KEY (run, name)) WITHOUT ROWID;
INSERT INTO "artifact" VALUES('01a22e58-7624-74ef-a51e-d18018940518','weights.txt','file',7,'sha256:9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c','{}',1796073879298817,NULL);
CREATE TABLE attempt (
            run TEXT NOT NULL REFERENCES run (id),
            number INTEGER NOT NULL,
            agent TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('leased', 'submitted', 'running', 'exited')),
            cpu DOUBLE PRECISION NOT NULL DEFAULT 0,
            memory BIGINT NOT NULL DEFAULT 0,
            gpus TEXT NOT NULL DEFAULT '[]',
            exit TEXT,
            exit_code INTEGER,
            signal INTEGER,
            reason TEXT NOT NULL DEFAULT '',
            message TEXT NOT NULL DEFAULT '',
            drain_until BIGINT,
            released INTEGER NOT NULL DEFAULT 0,
            created_at BIGINT NOT NULL,
            started_at BIGINT,
            finished_at BIGINT, resources TEXT NOT NULL DEFAULT '{}', lost_by TEXT NOT NULL DEFAULT '',
            PRIMARY KEY (run, number),
            CHECK ((state = 'exited') = (exit IS NOT NULL))) WITHOUT ROWID;
INSERT INTO "attempt" VALUES('01a22e58-7d2f-7bf9-86a2-f595c8328c33',1,'local','exited',0.1,0,'[]','{"code":0,"signal":null,"reason":"","message":"","started_at":1796073881.1225195,"finished_at":1796073881.442133,"last_lines":[],"writers":{"019fc419bce9917a0b9e2194f58f1efc":1},"retryable":false}',0,NULL,'','',1796073941472803,1,1796073880887661,1796073881122519,1796073881442133,'{}','');
INSERT INTO "attempt" VALUES('01a22e58-7d35-78ef-b4e1-6c26e742d7d9',1,'local','exited',0.1,0,'[]','{"code":0,"signal":null,"reason":"","message":"","started_at":1796073881.133916,"finished_at":1796073881.376944,"last_lines":[],"writers":{"703e3e1df473102f33621f12417929fc":1},"retryable":false}',0,NULL,'','',1796073941404146,1,1796073880887661,1796073881133916,1796073881376944,'{}','');
INSERT INTO "attempt" VALUES('01a22e58-7f83-789c-b77f-318c11e4bdd0',1,'local','exited',0.1,0,'[]','{"code":0,"signal":null,"reason":"","message":"","started_at":1796073881.5898933,"finished_at":1796073881.7316937,"last_lines":[],"writers":{"1937595c58ae41fdf7d4dc751c10b345":1},"retryable":false}',0,NULL,'','',1796073941749880,1,1796073881476780,1796073881589893,1796073881731693,'{}','');
INSERT INTO "attempt" VALUES('01a22e58-83a1-7b7d-9a56-ebd55308ffe8',1,'local','exited',1.0,0,'[]','{"code":1,"signal":null,"reason":"","message":"","started_at":1796073882.598602,"finished_at":1796073882.8517442,"last_lines":[],"writers":{"fd1913a9b4b01a3a81c638d4d0b54227":1},"retryable":false}',1,NULL,'','',1796073942876163,1,1796073882541620,1796073882598602,1796073882851744,'{}','');
INSERT INTO "attempt" VALUES('01a22e58-83a1-7b7d-9a56-ebd55308ffe8',2,'local','exited',1.0,0,'[]','{"code":0,"signal":null,"reason":"","message":"","started_at":1796073883.4950087,"finished_at":1796073883.723828,"last_lines":[],"writers":{"69033d42f0a39038e8ae9bbc58b5ee19":1},"retryable":false}',0,NULL,'','',1796073943744658,1,1796073883473642,1796073883495008,1796073883723828,'{}','');
INSERT INTO "attempt" VALUES('01a22e58-8b69-78a0-acc8-97f7136d0b5a',1,'local','exited',1.0,0,'[]','{"code":0,"signal":null,"reason":"","message":"","started_at":1796073884.6069756,"finished_at":1796073884.6247828,"last_lines":["hello"],"writers":{"6d45d90e987a95fe02164cab860358a7":1},"retryable":false}',0,NULL,'','',1796073944645891,1,1796073884524944,1796073884606975,1796073884624782,'{}','');
INSERT INTO "attempt" VALUES('01a22e58-915b-79a5-b5be-2b1ee7b0c77c',1,'local','exited',1.0,0,'[]','{"code":0,"signal":null,"reason":"","message":"","started_at":1796073886.1544378,"finished_at":1796073886.1678586,"last_lines":["hello"],"writers":{"b45e3abd019bfdcb69cac3504103b77e":1},"retryable":false}',0,NULL,'','',1796073946192351,1,1796073886083680,1796073886154437,1796073886167858,'{}','');
CREATE TABLE component (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            project TEXT NOT NULL REFERENCES project (name) ON DELETE CASCADE,
            kind TEXT NOT NULL CHECK (kind IN ('component', 'preset')),
            name TEXT NOT NULL,
            version TEXT NOT NULL,
            content TEXT NOT NULL,
            digest TEXT NOT NULL,
            description TEXT NOT NULL DEFAULT '',
            tags TEXT NOT NULL DEFAULT '[]',
            stage TEXT NOT NULL DEFAULT 'testing' CHECK (stage IN ('testing', 'staging', 'production')),
            deprecated INTEGER NOT NULL DEFAULT 0,
            archived_at BIGINT,
            created_by TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            UNIQUE (project, kind, name, version));
INSERT INTO "component" VALUES(1,'default','component','say','1','version: 1.1
kind: component
name: say
inputs: [{name: word, type: str, value: hi}]
cmd: echo {{ word }}
','sha256:a8971a3f3cbc8a7baa6b80297f79510cfb3fb6ad67b3959efa74255162064b15','','[]','testing',0,NULL,'user:admin',1796073878555395,1796073878555395);
CREATE TABLE component_use (
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            component BIGINT NOT NULL REFERENCES component (id),
            PRIMARY KEY (run, component));
INSERT INTO "component_use" VALUES('01a22e58-8b69-78a0-acc8-97f7136d0b5a',1);
INSERT INTO "component_use" VALUES('01a22e58-915b-79a5-b5be-2b1ee7b0c77c',1);
CREATE TABLE deletion (
            run TEXT PRIMARY KEY,
            project TEXT NOT NULL,
            at BIGINT NOT NULL,
            next_at BIGINT,
            passes INTEGER NOT NULL DEFAULT 0,
            failures INTEGER NOT NULL DEFAULT 0);
CREATE TABLE edge (
            run TEXT NOT NULL REFERENCES run (id),
            source TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('upstream', 'parent', 'cloned')),
            data TEXT NOT NULL DEFAULT '{}',
            at BIGINT NOT NULL,
            PRIMARY KEY (run, source, kind));
INSERT INTO "edge" VALUES('01a22e58-915b-79a5-b5be-2b1ee7b0c77c','01a22e58-8b69-78a0-acc8-97f7136d0b5a','cloned','{"how":"restart"}',1796073886043450);
CREATE TABLE idempotency (
            scope TEXT NOT NULL,
            key TEXT NOT NULL,
            digest TEXT NOT NULL,
            run TEXT NOT NULL,
            created_at BIGINT NOT NULL, status INTEGER NOT NULL DEFAULT 0, answer TEXT NOT NULL DEFAULT '',
            PRIMARY KEY (scope, key)) WITHOUT ROWID;
CREATE TABLE instance (key TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO "instance" VALUES('secret','fe6898977fc1078e890a475612e4af0407a58b87b1ccf154648f16d9bc0fa942');
CREATE TABLE member (
            project TEXT NOT NULL REFERENCES project (name),
            principal TEXT NOT NULL REFERENCES principal (name),
            role TEXT NOT NULL CHECK (role IN ('viewer', 'member', 'admin')),
            created_at BIGINT NOT NULL,
            PRIMARY KEY (project, principal));
INSERT INTO "member" VALUES('default','ada','member',1796073877186543);
CREATE TABLE metric (
            run TEXT NOT NULL REFERENCES run (id),
            name TEXT NOT NULL,
            last DOUBLE PRECISION,
            last_step BIGINT NOT NULL,
            low DOUBLE PRECISION,
            high DOUBLE PRECISION,
            total BIGINT NOT NULL,
            finite BIGINT NOT NULL, project TEXT NOT NULL DEFAULT '',
            PRIMARY KEY (run, name)) WITHOUT ROWID;
INSERT INTO "metric" VALUES('01a22e58-7624-74ef-a51e-d18018940518','accuracy',0.75,3,0.0,0.75,4,4,'default');
INSERT INTO "metric" VALUES('01a22e58-7624-74ef-a51e-d18018940518','loss',2.0,3,1.0,3.0,4,3,'default');
INSERT INTO "metric" VALUES('01a22e58-7d2f-7bf9-86a2-f595c8328c33','loss',4.33784581189631,2,4.33784581189631,4.83784581189631,2,2,'default');
INSERT INTO "metric" VALUES('01a22e58-7d35-78ef-b4e1-6c26e742d7d9','loss',1.31925943563961700633e+00,2,1.31925943563961700633e+00,1.81925943563961700633e+00,2,2,'default');
INSERT INTO "metric" VALUES('01a22e58-7f83-789c-b77f-318c11e4bdd0','loss',5.770515350621794326e-01,2,5.770515350621794326e-01,1.0770515350621794326e+00,2,2,'default');
INSERT INTO "metric" VALUES('01a22e58-83a1-7b7d-9a56-ebd55308ffe8','loss',5.0,2,5.0,8.0,6,6,'default');
CREATE TABLE migration (
            app TEXT NOT NULL, name TEXT NOT NULL, applied_at BIGINT NOT NULL, PRIMARY KEY (app, name));
INSERT INTO "migration" VALUES('core','m0001_spine',1796073868732445);
INSERT INTO "migration" VALUES('core','m0002_access',1796073868740960);
INSERT INTO "migration" VALUES('core','m0003_search',1796073868742976);
INSERT INTO "migration" VALUES('core','m0004_queues',1796073868759593);
INSERT INTO "migration" VALUES('core','m0005_agents',1796073868773829);
INSERT INTO "migration" VALUES('core','m0006_runs',1796073868794098);
INSERT INTO "migration" VALUES('core','m0007_components',1796073868794352);
INSERT INTO "migration" VALUES('core','m0008_uploads',1796073868794496);
INSERT INTO "migration" VALUES('core','m0009_sweeps',1796073868794954);
CREATE TABLE operation (
            run TEXT PRIMARY KEY REFERENCES run (id),
            spec TEXT NOT NULL,
            resolved TEXT NOT NULL, given TEXT NOT NULL DEFAULT '{}') WITHOUT ROWID;
INSERT INTO "operation" VALUES('01a22e58-7624-74ef-a51e-d18018940518','null','null','{}');
INSERT INTO "operation" VALUES('01a22e58-7cc4-7143-838e-67e457830693','{"content":"version: 1.1\nkind: operation\nname: swept\nqueue: default\nmatrix: {kind: tpe, numRuns: 3, concurrency: 2, seed: 1, params: {x: {kind: uniform, value: [-5, 5]}},\n  metric: {name: loss, optimization: minimize}}\ncomponent:\n  inputs: [{name: x, type: float}]\n  run:\n    kind: job\n    container:\n      command: [python, -W, ignore, -c, \"x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]\"]\n      resources: {requests: {cpu: 0.1}}\n","file":"swept.yaml"}','{"code":{"kind":"none"},"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","kind":"sweep","name":"swept","queue":"default","resources":{"cpu":0.1},"sweep":{"algorithm":"tpe","concurrency":2,"objectives":[{"goal":"minimize","name":"loss"}],"options":{"numRuns":3},"seed":1,"space":{"params":{"x":{"high":5.0,"kind":"uniform","low":-5.0}}}}}','{"code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22e58-7d2f-7bf9-86a2-f595c8328c33','{"version":1.1,"kind":"operation","name":"swept","queue":"default","component":{"inputs":[{"name":"x","type":"float"}],"run":{"kind":"job","container":{"command":["python","-W","ignore","-c","x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"resources":{"requests":{"cpu":0.1}}}}}}','{"code":{"kind":"none"},"command":["python","-W","ignore","-c","x = float(1.0409579351386276); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","inputs":{"x":1.0409579351386276},"kind":"job","name":"swept-1","queue":"default","resources":{"cpu":0.1}}','{"params":{"x":1.0409579351386276},"name":"swept-1","code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22e58-7d35-78ef-b4e1-6c26e742d7d9','{"version":1.1,"kind":"operation","name":"swept","queue":"default","component":{"inputs":[{"name":"x","type":"float"}],"run":{"kind":"job","container":{"command":["python","-W","ignore","-c","x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"resources":{"requests":{"cpu":0.1}}}}}}','{"code":{"kind":"none"},"command":["python","-W","ignore","-c","x = float(3.9051295131856087); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","inputs":{"x":3.9051295131856087},"kind":"job","name":"swept-2","queue":"default","resources":{"cpu":0.1}}','{"params":{"x":3.9051295131856087},"name":"swept-2","code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22e58-7f83-789c-b77f-318c11e4bdd0','{"version":1.1,"kind":"operation","name":"swept","queue":"default","component":{"inputs":[{"name":"x","type":"float"}],"run":{"kind":"job","container":{"command":["python","-W","ignore","-c","x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"resources":{"requests":{"cpu":0.1}}}}}}','{"code":{"kind":"none"},"command":["python","-W","ignore","-c","x = float(2.7224184172856933); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","inputs":{"x":2.7224184172856933},"kind":"job","name":"swept-3","queue":"default","resources":{"cpu":0.1}}','{"params":{"x":2.7224184172856933},"name":"swept-3","code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22e58-83a1-7b7d-9a56-ebd55308ffe8','{"content":"version: 1.1\nkind: operation\nname: retried\ntermination: {maxRetries: 1}\ncomponent:\n  run:\n    kind: job\n    container:\n      command: [python, -W, ignore, -c, \"import os, sys, trainyard; run = trainyard.init(); attempt = int(os.environ[''TRAINYARD_ATTEMPT'']);\n          [run.log({''loss'': 9.0 - s - attempt}, s) for s in range(3)]; run.finish();\n          sys.exit(attempt == 1)\"]\n","file":"retried.yaml"}','{"code":{"kind":"none"},"command":["python","-W","ignore","-c","import os, sys, trainyard; run = trainyard.init(); attempt = int(os.environ[''TRAINYARD_ATTEMPT'']); [run.log({''loss'': 9.0 - s - attempt}, s) for s in range(3)]; run.finish(); sys.exit(attempt == 1)"],"component":"sha256:65ea1147fa4f0fbc4dbd22292f50857b4a86aa19d0ba7d963a275ef29d9c66cf","kind":"job","max_retries":1,"name":"retried","resources":{"cpu":0.0}}','{"code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22e58-8b69-78a0-acc8-97f7136d0b5a','{"name":"say","version":1.1,"kind":"operation","component":{"inputs":[{"name":"word","type":"str","value":"hi"}],"cmd":"echo {{ word }}"}}','{"args":["set -e\necho hello"],"code":{"kind":"none"},"command":["/bin/sh","-c"],"component":"sha256:9d552377b88e3cb41c93b1381f450cbba73bb1b3c50fa5825f8e8b20cdefcff9","inputs":{"word":"hello"},"kind":"job","name":"say","resources":{"cpu":0.0}}','{"params":{"word":"hello"},"code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22e58-915b-79a5-b5be-2b1ee7b0c77c','{"name":"say","version":1.1,"kind":"operation","component":{"inputs":[{"name":"word","type":"str","value":"hi"}],"cmd":"echo {{ word }}"}}','{"args":["set -e\necho hello"],"code":{"kind":"none"},"command":["/bin/sh","-c"],"component":"sha256:9d552377b88e3cb41c93b1381f450cbba73bb1b3c50fa5825f8e8b20cdefcff9","inputs":{"word":"hello"},"kind":"job","name":"say","resources":{"cpu":0.0}}','{"params":{"word":"hello"},"code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22e58-9812-7d80-b464-8ba7b2033c5b','{"content":"version: 1.1\nkind: operation\nname: waiting\nqueue: later\nmatrix: {kind: tpe, numRuns: 3, concurrency: 2, seed: 1, params: {x: {kind: uniform, value: [-5, 5]}},\n  metric: {name: loss, optimization: minimize}}\ncomponent:\n  inputs: [{name: x, type: float}]\n  run:\n    kind: job\n    container:\n      command: [python, -W, ignore, -c, \"x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]\"]\n      resources: {requests: {cpu: 0.1}}\n","file":"waiting.yaml"}','{"code":{"kind":"none"},"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","kind":"sweep","name":"waiting","queue":"later","resources":{"cpu":0.1},"sweep":{"algorithm":"tpe","concurrency":2,"objectives":[{"goal":"minimize","name":"loss"}],"options":{"numRuns":3},"seed":1,"space":{"params":{"x":{"high":5.0,"kind":"uniform","low":-5.0}}}}}','{"code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22e58-982b-733f-a2d8-b5f36a102786','{"version":1.1,"kind":"operation","name":"waiting","queue":"later","component":{"inputs":[{"name":"x","type":"float"}],"run":{"kind":"job","container":{"command":["python","-W","ignore","-c","x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"resources":{"requests":{"cpu":0.1}}}}}}','{"code":{"kind":"none"},"command":["python","-W","ignore","-c","x = float(1.0409579351386276); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","inputs":{"x":1.0409579351386276},"kind":"job","name":"waiting-1","queue":"later","resources":{"cpu":0.1}}','{"params":{"x":1.0409579351386276},"name":"waiting-1","code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22e58-982c-7d1d-a9cd-b971a9883293','{"version":1.1,"kind":"operation","name":"waiting","queue":"later","component":{"inputs":[{"name":"x","type":"float"}],"run":{"kind":"job","container":{"command":["python","-W","ignore","-c","x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"resources":{"requests":{"cpu":0.1}}}}}}','{"code":{"kind":"none"},"command":["python","-W","ignore","-c","x = float(3.9051295131856087); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","inputs":{"x":3.9051295131856087},"kind":"job","name":"waiting-2","queue":"later","resources":{"cpu":0.1}}','{"params":{"x":3.9051295131856087},"name":"waiting-2","code":{"kind":"none"}}');
CREATE TABLE orphan (
            run TEXT NOT NULL,
            number INTEGER NOT NULL,
            agent TEXT NOT NULL,
            exited INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (run, number));
CREATE TABLE principal (
            name TEXT PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('user', 'service', 'agent')),
            role TEXT NOT NULL CHECK (role IN ('none', 'viewer', 'member', 'admin')),
            description TEXT NOT NULL DEFAULT '',
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            disabled_at BIGINT);
INSERT INTO "principal" VALUES('admin','user','admin','',1796073868973623,1796073868973623,NULL);
INSERT INTO "principal" VALUES('ada','user','member','',1796073872672765,1796073872672765,NULL);
CREATE TABLE project (
            name TEXT PRIMARY KEY,
            description TEXT NOT NULL DEFAULT '',
            created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL DEFAULT 0, archived_at BIGINT, weight DOUBLE PRECISION NOT NULL DEFAULT 1, quota TEXT NOT NULL DEFAULT '{}', queues TEXT NOT NULL DEFAULT '["*"]', connections TEXT NOT NULL DEFAULT '["*"]');
INSERT INTO "project" VALUES('default','',1796073868821632,1796073868821632,NULL,1.0,'{}','["*"]','["*"]');
INSERT INTO "project" VALUES('vision','',1796073871200709,1796073871200709,NULL,1.0,'{}','["*"]','["*"]');
CREATE TABLE queue (
            name TEXT PRIMARY KEY,
            concurrency INTEGER CHECK (concurrency >= 0),
            paused INTEGER NOT NULL DEFAULT 0,
            created_at BIGINT NOT NULL, priority INTEGER NOT NULL DEFAULT 0, quota TEXT NOT NULL DEFAULT '{}', selector TEXT NOT NULL DEFAULT '{}', updated_at BIGINT NOT NULL DEFAULT 0);
INSERT INTO "queue" VALUES('default',NULL,0,1796073868821632,0,'{}','{}',1796073868821632);
INSERT INTO "queue" VALUES('later',NULL,1,1796073874794788,1,'{}','{}',1796073876399881);
CREATE TABLE reader (name TEXT PRIMARY KEY, position BIGINT NOT NULL);
CREATE TABLE run (
            id TEXT PRIMARY KEY,
            project TEXT NOT NULL REFERENCES project (name),
            kind TEXT NOT NULL,
            name TEXT NOT NULL DEFAULT '',
            description TEXT NOT NULL DEFAULT '',
            status TEXT NOT NULL CHECK (status IN ('created','compiled','queued','scheduled','starting','running','retrying','stopping','succeeded','failed','stopped','skipped')),
            reason TEXT NOT NULL DEFAULT '',
            message TEXT NOT NULL DEFAULT '',
            intent TEXT NOT NULL DEFAULT 'run' CHECK (intent IN ('run', 'stop')),
            intent_reason TEXT NOT NULL DEFAULT '',
            intent_message TEXT NOT NULL DEFAULT '',
            intent_at BIGINT,
            hold TEXT NOT NULL DEFAULT '' CHECK (hold IN ('', 'approval', 'upload', 'upstream', 'schedule')),
            managed INTEGER NOT NULL DEFAULT 1,
            queue TEXT NOT NULL DEFAULT '',
            priority INTEGER NOT NULL DEFAULT 0,
            parent TEXT,
            key TEXT,
            cloned_from TEXT,
            compiled INTEGER NOT NULL DEFAULT 0,
            inputs TEXT NOT NULL DEFAULT '{}',
            outputs TEXT NOT NULL DEFAULT '{}',
            meta TEXT NOT NULL DEFAULT '{}',
            tags TEXT NOT NULL DEFAULT '[]',
            digest TEXT NOT NULL DEFAULT '',
            cpu DOUBLE PRECISION NOT NULL DEFAULT 0,
            memory BIGINT NOT NULL DEFAULT 0,
            gpu INTEGER NOT NULL DEFAULT 0,
            attempt INTEGER NOT NULL DEFAULT 0,
            user_failures INTEGER NOT NULL DEFAULT 0,
            platform_failures INTEGER NOT NULL DEFAULT 0,
            max_retries INTEGER NOT NULL DEFAULT 0,
            timeout_us BIGINT,
            progress DOUBLE PRECISION,
            ended TEXT NOT NULL DEFAULT '' CHECK (ended IN ('', 'succeeded', 'failed', 'stopped')),
            ended_message TEXT NOT NULL DEFAULT '',
            wake_at BIGINT,
            wake_seq BIGINT NOT NULL DEFAULT 0,
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            started_at BIGINT,
            finished_at BIGINT, resources TEXT NOT NULL DEFAULT '{}', agent TEXT NOT NULL DEFAULT '', created_by TEXT NOT NULL DEFAULT '', archived_at BIGINT, clone_kind TEXT NOT NULL DEFAULT ''
            CHECK (clone_kind IN ('', 'restart', 'resume', 'copy')), fork_step BIGINT,
            CHECK ((status IN ('succeeded','failed','stopped','skipped')) = (finished_at IS NOT NULL)),
            CHECK (status NOT IN ('scheduled', 'starting') OR attempt > 0),
            CHECK (wake_at IS NULL OR status NOT IN ('succeeded','failed','stopped','skipped')));
INSERT INTO "run" VALUES('01a22e58-7624-74ef-a51e-d18018940518','default','tracked','tracked','','succeeded','','','run','','',NULL,'',0,'',0,NULL,NULL,NULL,0,'{"lr":0.1,"model":"cnn"}','{"best":1.0}','{"note":"first"}','["base"]','',0.0,0,0,0,0,0,0,NULL,NULL,'succeeded','',NULL,0,1796073879076000,1796073879298817,1796073879206124,1796073879298817,'{}','','user:admin',NULL,'',NULL);
INSERT INTO "run" VALUES('01a22e58-7cc4-7143-838e-67e457830693','default','sweep','swept','','succeeded','','3 of 3 trials succeeded','run','','',NULL,'',1,'',0,NULL,NULL,NULL,1,'{}','{}','{}','[]','sha256:9a37410dcd4ad0e2ff83d2014a8f724f2f412e94203c634128deda5265d2b74f',0.1,0,0,0,0,0,0,NULL,1.0,'','',NULL,4,1796073880772210,1796073881797047,1796073880772210,1796073881797047,'{}','','user:admin',NULL,'',NULL);
INSERT INTO "run" VALUES('01a22e58-7d2f-7bf9-86a2-f595c8328c33','default','job','swept-1','','succeeded','','','run','','',NULL,'',1,'default',0,'01a22e58-7cc4-7143-838e-67e457830693','1',NULL,1,'{"x":1.0409579351386276}','{}','{"trial":{"sweep":"01a22e58-7cc4-7143-838e-67e457830693","number":1}}','[]','sha256:5f674c8745a6cbc600e99035a70e62d0cd9171df22104eb0a98626d4f31c787f',0.1,0,0,1,0,0,0,NULL,NULL,'','',NULL,0,1796073880879130,1796073881581061,1796073881136200,1796073881581061,'{}','','user:admin',NULL,'',NULL);
INSERT INTO "run" VALUES('01a22e58-7d35-78ef-b4e1-6c26e742d7d9','default','job','swept-2','','succeeded','','','run','','',NULL,'',1,'default',0,'01a22e58-7cc4-7143-838e-67e457830693','2',NULL,1,'{"x":3.9051295131856087}','{}','{"trial":{"sweep":"01a22e58-7cc4-7143-838e-67e457830693","number":2}}','[]','sha256:59b25557a8770e2887ab54cd83d5626a51a8cfaf197474f9dc62c2f454d0378f',0.1,0,0,1,0,0,0,NULL,NULL,'','',NULL,0,1796073880885304,1796073881454475,1796073881136200,1796073881454475,'{}','','user:admin',NULL,'',NULL);
INSERT INTO "run" VALUES('01a22e58-7f83-789c-b77f-318c11e4bdd0','default','job','swept-3','','succeeded','','','run','','',NULL,'',1,'default',0,'01a22e58-7cc4-7143-838e-67e457830693','3',NULL,1,'{"x":2.7224184172856933}','{}','{"trial":{"sweep":"01a22e58-7cc4-7143-838e-67e457830693","number":3}}','[]','sha256:be5ac9fcb7108332f9b94803e3685a60c2a2336aadb4fca3185e247c93e80f55',0.1,0,0,1,0,0,0,NULL,NULL,'','',NULL,0,1796073881475255,1796073881769325,1796073881599069,1796073881769325,'{}','','user:admin',NULL,'',NULL);
INSERT INTO "run" VALUES('01a22e58-83a1-7b7d-9a56-ebd55308ffe8','default','job','retried','','succeeded','','','run','','',NULL,'',1,'default',0,NULL,NULL,NULL,1,'{}','{}','{}','[]','sha256:2cb91401075fd15689932f331f1b7bbae3ecbff749b28173b307fcaaeb36a3d0',1.0,0,0,2,1,0,1,NULL,NULL,'','',NULL,1,1796073882528741,1796073883759898,1796073882612319,1796073883759898,'{}','','user:admin',NULL,'',NULL);
INSERT INTO "run" VALUES('01a22e58-8b69-78a0-acc8-97f7136d0b5a','default','job','say','','succeeded','','','run','','',NULL,'',1,'default',0,NULL,NULL,NULL,1,'{"word":"hello"}','{}','{}','[]','sha256:9192dbe378c23cbadfc472df7bc72457c79322f362c0ef2e7d51f75dc3445d1b',1.0,0,0,1,0,0,0,NULL,NULL,'','',NULL,0,1796073884521299,1796073884648465,1796073884645891,1796073884648465,'{}','','user:admin',NULL,'',NULL);
INSERT INTO "run" VALUES('01a22e58-915b-79a5-b5be-2b1ee7b0c77c','default','job','say','','succeeded','','','run','','',NULL,'',1,'default',0,NULL,NULL,'01a22e58-8b69-78a0-acc8-97f7136d0b5a',1,'{"word":"hello"}','{}','{}','[]','sha256:9192dbe378c23cbadfc472df7bc72457c79322f362c0ef2e7d51f75dc3445d1b',1.0,0,0,1,0,0,0,NULL,NULL,'','',NULL,0,1796073886043450,1796073886230813,1796073886192351,1796073886230813,'{}','','user:admin',NULL,'restart',NULL);
INSERT INTO "run" VALUES('01a22e58-9812-7d80-b464-8ba7b2033c5b','default','sweep','waiting','','running','','','run','','',NULL,'',1,'',0,NULL,NULL,NULL,1,'{}','{}','{}','[]','sha256:9a37410dcd4ad0e2ff83d2014a8f724f2f412e94203c634128deda5265d2b74f',0.1,0,0,0,0,0,0,NULL,0.0,'','',NULL,1,1796073887761990,1796073887788294,1796073887761990,NULL,'{}','','user:admin',NULL,'',NULL);
INSERT INTO "run" VALUES('01a22e58-982b-733f-a2d8-b5f36a102786','default','job','waiting-1','','queued','','','run','','',NULL,'',1,'later',0,'01a22e58-9812-7d80-b464-8ba7b2033c5b','1',NULL,1,'{"x":1.0409579351386276}','{}','{"trial":{"sweep":"01a22e58-9812-7d80-b464-8ba7b2033c5b","number":1}}','[]','sha256:5f674c8745a6cbc600e99035a70e62d0cd9171df22104eb0a98626d4f31c787f',0.1,0,0,0,0,0,0,NULL,NULL,'','',NULL,0,1796073887787086,1796073887787086,NULL,NULL,'{}','','user:admin',NULL,'',NULL);
INSERT INTO "run" VALUES('01a22e58-982c-7d1d-a9cd-b971a9883293','default','job','waiting-2','','queued','','','run','','',NULL,'',1,'later',0,'01a22e58-9812-7d80-b464-8ba7b2033c5b','2',NULL,1,'{"x":3.9051295131856087}','{}','{"trial":{"sweep":"01a22e58-9812-7d80-b464-8ba7b2033c5b","number":2}}','[]','sha256:59b25557a8770e2887ab54cd83d5626a51a8cfaf197474f9dc62c2f454d0378f',0.1,0,0,0,0,0,0,NULL,NULL,'','',NULL,0,1796073887788177,1796073887788177,NULL,NULL,'{}','','user:admin',NULL,'',NULL);
CREATE TABLE run_tag (
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            tag TEXT NOT NULL,
            project TEXT NOT NULL,
            PRIMARY KEY (run, tag)) WITHOUT ROWID;
INSERT INTO "run_tag" VALUES('01a22e58-7624-74ef-a51e-d18018940518','base','default');
CREATE TABLE run_value (
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            source TEXT NOT NULL,
            name TEXT NOT NULL,
            project TEXT NOT NULL,
            number DOUBLE PRECISION,
            text TEXT,
            PRIMARY KEY (run, source, name)) WITHOUT ROWID;
INSERT INTO "run_value" VALUES('01a22e58-7624-74ef-a51e-d18018940518','meta','note','default',NULL,'first');
INSERT INTO "run_value" VALUES('01a22e58-7624-74ef-a51e-d18018940518','outputs','best','default',1.0,NULL);
INSERT INTO "run_value" VALUES('01a22e58-7624-74ef-a51e-d18018940518','params','lr','default',0.1,NULL);
INSERT INTO "run_value" VALUES('01a22e58-7624-74ef-a51e-d18018940518','params','model','default',NULL,'cnn');
INSERT INTO "run_value" VALUES('01a22e58-7d2f-7bf9-86a2-f595c8328c33','meta','trial','default',NULL,'{"sweep":"01a22e58-7cc4-7143-838e-67e457830693","number":1}');
INSERT INTO "run_value" VALUES('01a22e58-7d2f-7bf9-86a2-f595c8328c33','params','x','default',1.04095793513862755474e+00,NULL);
INSERT INTO "run_value" VALUES('01a22e58-7d35-78ef-b4e1-6c26e742d7d9','meta','trial','default',NULL,'{"sweep":"01a22e58-7cc4-7143-838e-67e457830693","number":2}');
INSERT INTO "run_value" VALUES('01a22e58-7d35-78ef-b4e1-6c26e742d7d9','params','x','default',3.90512951318560874724e+00,NULL);
INSERT INTO "run_value" VALUES('01a22e58-7f83-789c-b77f-318c11e4bdd0','meta','trial','default',NULL,'{"sweep":"01a22e58-7cc4-7143-838e-67e457830693","number":3}');
INSERT INTO "run_value" VALUES('01a22e58-7f83-789c-b77f-318c11e4bdd0','params','x','default',2.72241841728569333724e+00,NULL);
INSERT INTO "run_value" VALUES('01a22e58-8b69-78a0-acc8-97f7136d0b5a','params','word','default',NULL,'hello');
INSERT INTO "run_value" VALUES('01a22e58-915b-79a5-b5be-2b1ee7b0c77c','params','word','default',NULL,'hello');
INSERT INTO "run_value" VALUES('01a22e58-982b-733f-a2d8-b5f36a102786','meta','trial','default',NULL,'{"sweep":"01a22e58-9812-7d80-b464-8ba7b2033c5b","number":1}');
INSERT INTO "run_value" VALUES('01a22e58-982b-733f-a2d8-b5f36a102786','params','x','default',1.04095793513862755474e+00,NULL);
INSERT INTO "run_value" VALUES('01a22e58-982c-7d1d-a9cd-b971a9883293','meta','trial','default',NULL,'{"sweep":"01a22e58-9812-7d80-b464-8ba7b2033c5b","number":2}');
INSERT INTO "run_value" VALUES('01a22e58-982c-7d1d-a9cd-b971a9883293','params','x','default',3.90512951318560874724e+00,NULL);
CREATE TABLE sweep (
            run TEXT PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
            study TEXT NOT NULL,
            seed BIGINT NOT NULL,
            most BIGINT CHECK (most >= 0),
            parallel INTEGER NOT NULL CHECK (parallel > 0),
            ahead INTEGER NOT NULL DEFAULT 0 CHECK (ahead >= 0),
            asked INTEGER NOT NULL DEFAULT 0,
            watched INTEGER NOT NULL DEFAULT 0,
            version BIGINT NOT NULL DEFAULT 0,
            state BLOB NOT NULL,
            made BIGINT NOT NULL DEFAULT 0,
            succeeded BIGINT NOT NULL DEFAULT 0,
            failed BIGINT NOT NULL DEFAULT 0,
            stopped BIGINT NOT NULL DEFAULT 0,
            unjudged BIGINT NOT NULL DEFAULT 0,
            exhausted INTEGER NOT NULL DEFAULT 0,
            ending TEXT NOT NULL DEFAULT '',
            planner TEXT NOT NULL DEFAULT '',
            planner_until BIGINT NOT NULL DEFAULT 0);
INSERT INTO "sweep" VALUES('01a22e58-7cc4-7143-838e-67e457830693','{"algorithm":"tpe","space":{"params":{"x":{"kind":"uniform","low":-5.0,"high":5.0}}},"objectives":[{"name":"loss","goal":"minimize"}],"options":{"numRuns":3},"seed":1,"concurrency":2}',1,3,2,0,0,0,4,X'93A374706501949396A13191CB3FF0A7C381FEE9DC0191CB401159F440A4BDAA90C096A13291CB400F3DB48ACE36750191CB3FF51BAFC8302F6690C096A13391CB4005C7834EA2293C0191CB3FE27734C7E65B6890C0030390',3,3,0,0,0,1,'{"status":"succeeded","reason":"","message":"3 of 3 trials succeeded","spares":0}','',0);
INSERT INTO "sweep" VALUES('01a22e58-9812-7d80-b464-8ba7b2033c5b','{"algorithm":"tpe","space":{"params":{"x":{"kind":"uniform","low":-5.0,"high":5.0}}},"objectives":[{"name":"loss","goal":"minimize"}],"options":{"numRuns":3},"seed":1,"concurrency":2}',1,3,2,0,0,0,1,X'93A374706501949296A13191CB3FF0A7C381FEE9DC009090C096A13291CB400F3DB48ACE3675009090C0020290',2,0,0,0,0,0,'','',0);
CREATE TABLE token (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            hash TEXT NOT NULL UNIQUE,
            created_at BIGINT NOT NULL,
            expires_at BIGINT,
            revoked_at BIGINT, principal TEXT NOT NULL DEFAULT '', prefix TEXT NOT NULL DEFAULT '', scopes TEXT NOT NULL DEFAULT '["read","write","track","admin","agent"]', projects TEXT NOT NULL DEFAULT '["*"]', used_at BIGINT);
INSERT INTO "token" VALUES('01a22e58-4eb6-73ff-86bc-26de56b744b1','data directory','df1e04c00f1e52a91c4b8ce90601a3319fe41ff7fcfbbf060dc2331d161a9659',1796073868973623,NULL,NULL,'admin','ty.i0uyFh','["read","write","track","admin","agent"]','["*"]',1796073871184642);
INSERT INTO "token" VALUES('01a22e58-60d3-7b44-b116-7973a2ee293a','ci','8d7a7104bbae810198bdfec2b68f69d65d4e29b535094bf50a8cc8ea3f7f62de',1796073873618758,NULL,NULL,'admin','ty.LTtLfo','["read"]','["*"]',NULL);
CREATE TABLE trial (
            sweep TEXT NOT NULL REFERENCES sweep (run) ON DELETE CASCADE,
            key TEXT NOT NULL,
            number BIGINT NOT NULL,
            run TEXT,
            tuner INTEGER NOT NULL DEFAULT 0,
            phase TEXT NOT NULL CHECK (phase IN ('prepared', 'open', 'succeeded', 'failed', 'stopped')),
            told INTEGER NOT NULL DEFAULT 0 CHECK (told IN (0, 1, 2)),
            told_step BIGINT NOT NULL DEFAULT -1,
            params TEXT NOT NULL,
            figures TEXT NOT NULL DEFAULT '{}',
            value DOUBLE PRECISION,
            reason TEXT NOT NULL DEFAULT '',
            message TEXT NOT NULL DEFAULT '',
            note TEXT NOT NULL DEFAULT '',
            continues TEXT NOT NULL DEFAULT '',
            made_at BIGINT NOT NULL,
            ended_at BIGINT,
            PRIMARY KEY (sweep, key),
            CHECK (run IS NOT NULL OR phase = 'prepared'));
INSERT INTO "trial" VALUES('01a22e58-7cc4-7143-838e-67e457830693','1',1,'01a22e58-7d2f-7bf9-86a2-f595c8328c33',0,'succeeded',2,-1,'{"x":1.0409579351386276}','{"loss":4.33784581189631}',4.33784581189631,'','','','',1796073880885523,1796073881636717);
INSERT INTO "trial" VALUES('01a22e58-7cc4-7143-838e-67e457830693','2',2,'01a22e58-7d35-78ef-b4e1-6c26e742d7d9',0,'succeeded',2,-1,'{"x":3.9051295131856087}','{"loss":1.319259435639617}',1.31925943563961700633e+00,'','','','',1796073880885523,1796073881475662);
INSERT INTO "trial" VALUES('01a22e58-7cc4-7143-838e-67e457830693','3',3,'01a22e58-7f83-789c-b77f-318c11e4bdd0',0,'succeeded',2,-1,'{"x":2.7224184172856933}','{"loss":0.5770515350621794}',5.770515350621794326e-01,'','','','',1796073881475662,1796073881797047);
INSERT INTO "trial" VALUES('01a22e58-9812-7d80-b464-8ba7b2033c5b','1',1,'01a22e58-982b-733f-a2d8-b5f36a102786',0,'open',0,-1,'{"x":1.0409579351386276}','{}',NULL,'','','','',1796073887788294,NULL);
INSERT INTO "trial" VALUES('01a22e58-9812-7d80-b464-8ba7b2033c5b','2',2,'01a22e58-982c-7d1d-a9cd-b971a9883293',0,'open',0,-1,'{"x":3.9051295131856087}','{}',NULL,'','','','',1796073887788294,NULL);
CREATE TABLE upload (
            id TEXT PRIMARY KEY,
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            kind TEXT NOT NULL,
            size BIGINT NOT NULL CHECK (size >= 0),
            digest TEXT NOT NULL,
            actor TEXT NOT NULL,
            state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'finishing', 'done')),
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            UNIQUE (run, name, digest, size));
CREATE TABLE writer (
            run TEXT NOT NULL REFERENCES run (id),
            writer TEXT NOT NULL,
            seq BIGINT NOT NULL,
            final INTEGER NOT NULL DEFAULT 0,
            dropped BIGINT NOT NULL DEFAULT 0,
            late BIGINT NOT NULL DEFAULT 0,
            updated_at BIGINT NOT NULL,
            PRIMARY KEY (run, writer)) WITHOUT ROWID;
INSERT INTO "writer" VALUES('01a22e58-7624-74ef-a51e-d18018940518','1ca247baed55a139412c82b28d613fd4',6,1,0,0,1796073879298817);
INSERT INTO "writer" VALUES('01a22e58-7d2f-7bf9-86a2-f595c8328c33','019fc419bce9917a0b9e2194f58f1efc',1,0,0,0,1796073881581061);
INSERT INTO "writer" VALUES('01a22e58-7d35-78ef-b4e1-6c26e742d7d9','703e3e1df473102f33621f12417929fc',1,0,0,0,1796073881454475);
INSERT INTO "writer" VALUES('01a22e58-7f83-789c-b77f-318c11e4bdd0','1937595c58ae41fdf7d4dc751c10b345',1,0,0,0,1796073881769325);
INSERT INTO "writer" VALUES('01a22e58-83a1-7b7d-9a56-ebd55308ffe8','69033d42f0a39038e8ae9bbc58b5ee19',1,0,0,0,1796073883759898);
INSERT INTO "writer" VALUES('01a22e58-83a1-7b7d-9a56-ebd55308ffe8','fd1913a9b4b01a3a81c638d4d0b54227',1,0,0,0,1796073882888245);
INSERT INTO "writer" VALUES('01a22e58-8b69-78a0-acc8-97f7136d0b5a','6d45d90e987a95fe02164cab860358a7',1,1,0,0,1796073884648465);
INSERT INTO "writer" VALUES('01a22e58-915b-79a5-b5be-2b1ee7b0c77c','b45e3abd019bfdcb69cac3504103b77e',1,1,0,0,1796073886230813);
CREATE INDEX run_project ON run (project, id);
CREATE UNIQUE INDEX run_key ON run (parent, key) WHERE key IS NOT NULL;
CREATE INDEX run_waiting ON run (queue, priority DESC, id) WHERE status = 'queued';
CREATE INDEX run_wake ON run (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX attempt_live ON attempt (agent) WHERE released = 0;
CREATE INDEX activity_run ON activity (run, id);
CREATE INDEX idempotency_age ON idempotency (created_at);
CREATE INDEX member_principal ON member (principal);
CREATE INDEX token_principal ON token (principal);
CREATE INDEX activity_project ON activity (project, id);
CREATE INDEX run_value_number ON run_value (project, source, name, number, run) WHERE number IS NOT NULL;
CREATE INDEX run_value_text ON run_value (project, source, name, text, run) WHERE text IS NOT NULL;
CREATE INDEX run_tag_tag ON run_tag (project, tag, run);
CREATE INDEX metric_last ON metric (project, name, last, run);
CREATE INDEX metric_low ON metric (project, name, low, run);
CREATE INDEX metric_high ON metric (project, name, high, run);
CREATE INDEX run_status ON run (project, status, id);
CREATE INDEX run_queue ON run (project, queue, id);
CREATE INDEX run_name ON run (project, name, id);
CREATE INDEX run_digest ON run (project, digest, id) WHERE digest <> '';
CREATE INDEX run_parent ON run (project, parent, id) WHERE parent IS NOT NULL;
CREATE INDEX run_cloned ON run (project, cloned_from, id) WHERE cloned_from IS NOT NULL;
CREATE INDEX run_created ON run (project, created_at, id);
CREATE INDEX run_started ON run (project, started_at, id) WHERE started_at IS NOT NULL;
CREATE INDEX run_finished ON run (project, finished_at, id) WHERE finished_at IS NOT NULL;
CREATE TRIGGER metric_project AFTER INSERT ON metric WHEN NEW.project = '' BEGIN
    UPDATE metric SET project = (SELECT project FROM run WHERE id = NEW.run)
        WHERE run = NEW.run AND name = NEW.name;
    END;
CREATE TRIGGER run_tags_new AFTER INSERT ON run WHEN NEW.tags <> '[]' BEGIN INSERT INTO run_tag (run, tag, project)
        SELECT NEW.id, substr(j.value, 1, 256), NEW.project FROM json_each(NEW.tags) j WHERE true
        ON CONFLICT (run, tag) DO NOTHING; END;
CREATE TRIGGER run_tags_changed AFTER UPDATE OF tags ON run WHEN NEW.tags <> OLD.tags BEGIN DELETE FROM run_tag WHERE run = NEW.id AND tag NOT IN (SELECT substr(value, 1, 256) FROM json_each(NEW.tags)); INSERT INTO run_tag (run, tag, project)
        SELECT NEW.id, substr(j.value, 1, 256), NEW.project FROM json_each(NEW.tags) j WHERE true
        ON CONFLICT (run, tag) DO NOTHING; END;
CREATE TRIGGER run_inputs_new AFTER INSERT ON run WHEN NEW.inputs <> '{}' BEGIN INSERT INTO run_value (run, source, name, project, number, text)
        SELECT NEW.id, 'params', j.key, NEW.project,
            CASE WHEN j.type IN ('integer', 'real') THEN CAST(j.atom AS REAL)
                WHEN j.type = 'text' AND length(j.atom) <= 64 AND j.atom = trim(j.atom) AND json_valid(j.atom) AND substr(j.atom, 1, 1) GLOB '[-0-9]' THEN CAST(j.atom AS REAL) END,
            CASE WHEN j.type IN ('true', 'false') THEN j.type
                WHEN j.type NOT IN ('integer', 'real') THEN substr(j.value, 1, 256) END
        FROM json_each(NEW.inputs) j WHERE j.type <> 'null' AND length(j.key) <= 256
        ON CONFLICT (run, source, name) DO UPDATE SET number = excluded.number, text = excluded.text
        WHERE number IS NOT excluded.number OR text IS NOT excluded.text; END;
CREATE TRIGGER run_inputs_changed AFTER UPDATE OF inputs ON run WHEN NEW.inputs <> OLD.inputs BEGIN DELETE FROM run_value WHERE run = NEW.id AND source = 'params' AND name NOT IN (SELECT key FROM json_each(NEW.inputs) WHERE type <> 'null'); INSERT INTO run_value (run, source, name, project, number, text)
        SELECT NEW.id, 'params', j.key, NEW.project,
            CASE WHEN j.type IN ('integer', 'real') THEN CAST(j.atom AS REAL)
                WHEN j.type = 'text' AND length(j.atom) <= 64 AND j.atom = trim(j.atom) AND json_valid(j.atom) AND substr(j.atom, 1, 1) GLOB '[-0-9]' THEN CAST(j.atom AS REAL) END,
            CASE WHEN j.type IN ('true', 'false') THEN j.type
                WHEN j.type NOT IN ('integer', 'real') THEN substr(j.value, 1, 256) END
        FROM json_each(NEW.inputs) j WHERE j.type <> 'null' AND length(j.key) <= 256
        ON CONFLICT (run, source, name) DO UPDATE SET number = excluded.number, text = excluded.text
        WHERE number IS NOT excluded.number OR text IS NOT excluded.text; END;
CREATE TRIGGER run_outputs_new AFTER INSERT ON run WHEN NEW.outputs <> '{}' BEGIN INSERT INTO run_value (run, source, name, project, number, text)
        SELECT NEW.id, 'outputs', j.key, NEW.project,
            CASE WHEN j.type IN ('integer', 'real') THEN CAST(j.atom AS REAL)
                WHEN j.type = 'text' AND length(j.atom) <= 64 AND j.atom = trim(j.atom) AND json_valid(j.atom) AND substr(j.atom, 1, 1) GLOB '[-0-9]' THEN CAST(j.atom AS REAL) END,
            CASE WHEN j.type IN ('true', 'false') THEN j.type
                WHEN j.type NOT IN ('integer', 'real') THEN substr(j.value, 1, 256) END
        FROM json_each(NEW.outputs) j WHERE j.type <> 'null' AND length(j.key) <= 256
        ON CONFLICT (run, source, name) DO UPDATE SET number = excluded.number, text = excluded.text
        WHERE number IS NOT excluded.number OR text IS NOT excluded.text; END;
CREATE TRIGGER run_outputs_changed AFTER UPDATE OF outputs ON run WHEN NEW.outputs <> OLD.outputs BEGIN DELETE FROM run_value WHERE run = NEW.id AND source = 'outputs' AND name NOT IN (SELECT key FROM json_each(NEW.outputs) WHERE type <> 'null'); INSERT INTO run_value (run, source, name, project, number, text)
        SELECT NEW.id, 'outputs', j.key, NEW.project,
            CASE WHEN j.type IN ('integer', 'real') THEN CAST(j.atom AS REAL)
                WHEN j.type = 'text' AND length(j.atom) <= 64 AND j.atom = trim(j.atom) AND json_valid(j.atom) AND substr(j.atom, 1, 1) GLOB '[-0-9]' THEN CAST(j.atom AS REAL) END,
            CASE WHEN j.type IN ('true', 'false') THEN j.type
                WHEN j.type NOT IN ('integer', 'real') THEN substr(j.value, 1, 256) END
        FROM json_each(NEW.outputs) j WHERE j.type <> 'null' AND length(j.key) <= 256
        ON CONFLICT (run, source, name) DO UPDATE SET number = excluded.number, text = excluded.text
        WHERE number IS NOT excluded.number OR text IS NOT excluded.text; END;
CREATE TRIGGER run_meta_new AFTER INSERT ON run WHEN NEW.meta <> '{}' BEGIN INSERT INTO run_value (run, source, name, project, number, text)
        SELECT NEW.id, 'meta', j.key, NEW.project,
            CASE WHEN j.type IN ('integer', 'real') THEN CAST(j.atom AS REAL)
                WHEN j.type = 'text' AND length(j.atom) <= 64 AND j.atom = trim(j.atom) AND json_valid(j.atom) AND substr(j.atom, 1, 1) GLOB '[-0-9]' THEN CAST(j.atom AS REAL) END,
            CASE WHEN j.type IN ('true', 'false') THEN j.type
                WHEN j.type NOT IN ('integer', 'real') THEN substr(j.value, 1, 256) END
        FROM json_each(NEW.meta) j WHERE j.type <> 'null' AND length(j.key) <= 256
        ON CONFLICT (run, source, name) DO UPDATE SET number = excluded.number, text = excluded.text
        WHERE number IS NOT excluded.number OR text IS NOT excluded.text; END;
CREATE TRIGGER run_meta_changed AFTER UPDATE OF meta ON run WHEN NEW.meta <> OLD.meta BEGIN DELETE FROM run_value WHERE run = NEW.id AND source = 'meta' AND name NOT IN (SELECT key FROM json_each(NEW.meta) WHERE type <> 'null'); INSERT INTO run_value (run, source, name, project, number, text)
        SELECT NEW.id, 'meta', j.key, NEW.project,
            CASE WHEN j.type IN ('integer', 'real') THEN CAST(j.atom AS REAL)
                WHEN j.type = 'text' AND length(j.atom) <= 64 AND j.atom = trim(j.atom) AND json_valid(j.atom) AND substr(j.atom, 1, 1) GLOB '[-0-9]' THEN CAST(j.atom AS REAL) END,
            CASE WHEN j.type IN ('true', 'false') THEN j.type
                WHEN j.type NOT IN ('integer', 'real') THEN substr(j.value, 1, 256) END
        FROM json_each(NEW.meta) j WHERE j.type <> 'null' AND length(j.key) <= 256
        ON CONFLICT (run, source, name) DO UPDATE SET number = excluded.number, text = excluded.text
        WHERE number IS NOT excluded.number OR text IS NOT excluded.text; END;
CREATE INDEX run_lane ON run (queue, project, agent, resources, priority DESC, id, cpu, memory, gpu,
            status) WHERE status = 'queued';
CREATE INDEX run_held ON run (queue, project, resources, managed, cpu, memory, gpu, status)
            WHERE status IN ('running', 'scheduled', 'starting', 'stopping');
CREATE INDEX run_early ON run (queue) WHERE status IN ('compiled', 'created', 'retrying');
CREATE INDEX edge_source ON edge (source, kind, run);
CREATE INDEX artifact_source ON artifact (source) WHERE source IS NOT NULL;
CREATE INDEX run_archived ON run (project, id) WHERE archived_at IS NOT NULL;
CREATE INDEX deletion_due ON deletion (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX orphan_agent ON orphan (agent);
CREATE INDEX component_newest ON component (project, kind, name, id);
CREATE INDEX component_use_component ON component_use (component, run);
CREATE INDEX upload_age ON upload (updated_at);
CREATE UNIQUE INDEX trial_run ON trial (run) WHERE run IS NOT NULL;
CREATE UNIQUE INDEX trial_number ON trial (sweep, number);
CREATE INDEX trial_going ON trial (sweep, number) WHERE phase IN ('prepared', 'open');
CREATE INDEX trial_news ON trial (sweep, number) WHERE told < 2 AND phase IN ('succeeded', 'failed', 'stopped');
CREATE INDEX trial_value ON trial (sweep, value, number) WHERE value IS NOT NULL;
CREATE INDEX attempt_held ON attempt (agent, gpus, resources, cpu, memory, state, released)
            WHERE released = 0 AND state <> 'exited';
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('activity',76);
INSERT INTO "sqlite_sequence" VALUES('component',1);
COMMIT;
