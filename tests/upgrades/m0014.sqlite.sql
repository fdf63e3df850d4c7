BEGIN TRANSACTION;
CREATE TABLE activity (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            project TEXT NOT NULL,
            run TEXT,
            kind TEXT NOT NULL,
            actor TEXT NOT NULL,
            at BIGINT NOT NULL,
            data TEXT NOT NULL);
INSERT INTO "activity" VALUES(1,'vision',NULL,'project_created','user:admin',1796048436728651,'{}');
INSERT INTO "activity" VALUES(2,'',NULL,'user_created','user:admin',1796048438479862,'{"name":"ada","role":"member"}');
INSERT INTO "activity" VALUES(3,'',NULL,'token_created','user:admin',1796048439587553,'{"token":"01a22cd4-4923-7dc1-b6e3-0e6daf3db3f1","principal":"admin"}');
INSERT INTO "activity" VALUES(4,'',NULL,'queue_created','user:admin',1796048440595576,'{"queue":"later","priority":1,"concurrency":null,"quota":{},"paused":false,"selector":{}}');
INSERT INTO "activity" VALUES(5,'',NULL,'queue_changed','user:admin',1796048441545680,'{"queue":"later","priority":1,"concurrency":null,"quota":{},"paused":true,"selector":{}}');
INSERT INTO "activity" VALUES(6,'default',NULL,'member_put','user:admin',1796048442615021,'{"principal":"ada","role":"member"}');
INSERT INTO "activity" VALUES(7,'default',NULL,'component_registered','user:admin',1796048445560487,'{"name":"say","version":"1","digest":"sha256:a8971a3f3cbc8a7baa6b80297f79510cfb3fb6ad67b3959efa74255162064b15"}');
INSERT INTO "activity" VALUES(8,'default','01a22cd4-62d3-742a-a523-0bcd70fc9451','status','user:admin',1796048446306780,'{"status":"created","name":"tracked"}');
INSERT INTO "activity" VALUES(9,'default','01a22cd4-62d3-742a-a523-0bcd70fc9451','status','core',1796048446306780,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(10,'default','01a22cd4-62d3-742a-a523-0bcd70fc9451','status','core',1796048446306780,'{"status":"running"}');
INSERT INTO "activity" VALUES(11,'default','01a22cd4-62d3-742a-a523-0bcd70fc9451','artifact_stored','user:admin',1796048446330386,'{"name":"weights.txt","size":7,"digest":"sha256:9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c","kind":"file"}');
INSERT INTO "activity" VALUES(12,'default','01a22cd4-62d3-742a-a523-0bcd70fc9451','status','core',1796048446346408,'{"status":"succeeded"}');
INSERT INTO "activity" VALUES(13,'default','01a22cd4-6932-7f19-bf2b-e3fb296ec813','status','user:admin',1796048447793444,'{"status":"created","name":"swept"}');
INSERT INTO "activity" VALUES(14,'default','01a22cd4-6932-7f19-bf2b-e3fb296ec813','status','core',1796048447793444,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(15,'default','01a22cd4-6932-7f19-bf2b-e3fb296ec813','status','core',1796048447793444,'{"status":"running"}');
INSERT INTO "activity" VALUES(16,'default','01a22cd4-6990-73c7-b386-646485bad2e7','status','user:admin',1796048447888417,'{"status":"created","name":"swept-1"}');
INSERT INTO "activity" VALUES(17,'default','01a22cd4-6990-73c7-b386-646485bad2e7','status','core',1796048447888417,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(18,'default','01a22cd4-6990-73c7-b386-646485bad2e7','status','core',1796048447888417,'{"status":"queued"}');
INSERT INTO "activity" VALUES(19,'default','01a22cd4-6991-76ff-b0d8-0c26c96d8644','status','user:admin',1796048447889495,'{"status":"created","name":"swept-2"}');
INSERT INTO "activity" VALUES(20,'default','01a22cd4-6991-76ff-b0d8-0c26c96d8644','status','core',1796048447889495,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(21,'default','01a22cd4-6991-76ff-b0d8-0c26c96d8644','status','core',1796048447889495,'{"status":"queued"}');
INSERT INTO "activity" VALUES(22,'default','01a22cd4-6990-73c7-b386-646485bad2e7','status','agent:local',1796048447897321,'{"status":"scheduled","attempt":1}');
INSERT INTO "activity" VALUES(23,'default','01a22cd4-6991-76ff-b0d8-0c26c96d8644','status','agent:local',1796048447897321,'{"status":"scheduled","attempt":1}');
INSERT INTO "activity" VALUES(24,'default','01a22cd4-6990-73c7-b386-646485bad2e7','status','agent:local',1796048448273261,'{"status":"starting","attempt":1}');
INSERT INTO "activity" VALUES(25,'default','01a22cd4-6991-76ff-b0d8-0c26c96d8644','status','agent:local',1796048448273261,'{"status":"starting","attempt":1}');
INSERT INTO "activity" VALUES(26,'default','01a22cd4-6991-76ff-b0d8-0c26c96d8644','status','agent:local',1796048448308805,'{"status":"running","attempt":1}');
INSERT INTO "activity" VALUES(27,'default','01a22cd4-6990-73c7-b386-646485bad2e7','status','agent:local',1796048448336730,'{"status":"running","attempt":1}');
INSERT INTO "activity" VALUES(28,'default','01a22cd4-6991-76ff-b0d8-0c26c96d8644','status','core',1796048448599995,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":1}');
INSERT INTO "activity" VALUES(29,'default','01a22cd4-6990-73c7-b386-646485bad2e7','status','core',1796048448623219,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":1}');
INSERT INTO "activity" VALUES(30,'default','01a22cd4-6991-76ff-b0d8-0c26c96d8644','status','core',1796048448622391,'{"status":"succeeded","attempt":1}');
INSERT INTO "activity" VALUES(31,'default','01a22cd4-6c9f-750f-93f7-f3c0d2731734','status','user:admin',1796048448671952,'{"status":"created","name":"swept-3"}');
INSERT INTO "activity" VALUES(32,'default','01a22cd4-6c9f-750f-93f7-f3c0d2731734','status','core',1796048448671952,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(33,'default','01a22cd4-6c9f-750f-93f7-f3c0d2731734','status','core',1796048448671952,'{"status":"queued"}');
INSERT INTO "activity" VALUES(34,'default','01a22cd4-6c9f-750f-93f7-f3c0d2731734','status','agent:local',1796048448675571,'{"status":"scheduled","attempt":1}');
INSERT INTO "activity" VALUES(35,'default','01a22cd4-6990-73c7-b386-646485bad2e7','status','core',1796048448661201,'{"status":"succeeded","attempt":1}');
INSERT INTO "activity" VALUES(36,'default','01a22cd4-6c9f-750f-93f7-f3c0d2731734','status','agent:local',1796048448756615,'{"status":"starting","attempt":1}');
INSERT INTO "activity" VALUES(37,'default','01a22cd4-6c9f-750f-93f7-f3c0d2731734','status','agent:local',1796048448827856,'{"status":"running","attempt":1}');
INSERT INTO "activity" VALUES(38,'default','01a22cd4-6c9f-750f-93f7-f3c0d2731734','status','core',1796048449158822,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":1}');
INSERT INTO "activity" VALUES(39,'default','01a22cd4-6c9f-750f-93f7-f3c0d2731734','status','core',1796048449163974,'{"status":"succeeded","attempt":1}');
INSERT INTO "activity" VALUES(40,'default','01a22cd4-6932-7f19-bf2b-e3fb296ec813','status','core',1796048449217746,'{"status":"succeeded","message":"3 of 3 trials succeeded"}');
INSERT INTO "activity" VALUES(41,'default','01a22cd4-6fa5-758a-a02d-c4aee307064b','status','user:admin',1796048449439065,'{"status":"created","name":"retried"}');
INSERT INTO "activity" VALUES(42,'default','01a22cd4-6fa5-758a-a02d-c4aee307064b','status','core',1796048449439065,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(43,'default','01a22cd4-6fa5-758a-a02d-c4aee307064b','status','core',1796048449439065,'{"status":"queued"}');
INSERT INTO "activity" VALUES(44,'default','01a22cd4-6fa5-758a-a02d-c4aee307064b','status','agent:local',1796048449448277,'{"status":"scheduled","attempt":1}');
INSERT INTO "activity" VALUES(45,'default','01a22cd4-6fa5-758a-a02d-c4aee307064b','status','agent:local',1796048449516347,'{"status":"running","attempt":1}');
INSERT INTO "activity" VALUES(46,'default','01a22cd4-6fa5-758a-a02d-c4aee307064b','status','core',1796048449908493,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":1}');
INSERT INTO "activity" VALUES(47,'default','01a22cd4-6fa5-758a-a02d-c4aee307064b','status','core',1796048449941867,'{"status":"retrying","reason":"exit_code","message":"exit code 1; retry 1 of 1 in 0.2 s","attempt":1}');
INSERT INTO "activity" VALUES(48,'default','01a22cd4-6fa5-758a-a02d-c4aee307064b','status','core',1796048450726277,'{"status":"queued","attempt":1}');
INSERT INTO "activity" VALUES(49,'default','01a22cd4-6fa5-758a-a02d-c4aee307064b','status','agent:local',1796048450727210,'{"status":"scheduled","attempt":2}');
INSERT INTO "activity" VALUES(50,'default','01a22cd4-6fa5-758a-a02d-c4aee307064b','status','agent:local',1796048450827764,'{"status":"running","attempt":2}');
INSERT INTO "activity" VALUES(51,'default','01a22cd4-6fa5-758a-a02d-c4aee307064b','status','core',1796048451104539,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":2}');
INSERT INTO "activity" VALUES(52,'default','01a22cd4-77cf-7201-b504-f76913c82f41','status','user:admin',1796048451529308,'{"status":"created","name":"say"}');
INSERT INTO "activity" VALUES(53,'default','01a22cd4-77cf-7201-b504-f76913c82f41','status','core',1796048451529308,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(54,'default','01a22cd4-77cf-7201-b504-f76913c82f41','status','core',1796048451529308,'{"status":"queued"}');
INSERT INTO "activity" VALUES(55,'default','01a22cd4-77cf-7201-b504-f76913c82f41','status','agent:local',1796048451591795,'{"status":"scheduled","attempt":1}');
INSERT INTO "activity" VALUES(56,'default','01a22cd4-6fa5-758a-a02d-c4aee307064b','status','core',1796048451135916,'{"status":"succeeded","attempt":2}');
INSERT INTO "activity" VALUES(57,'default','01a22cd4-77cf-7201-b504-f76913c82f41','status','agent:local',1796048451655713,'{"status":"starting","attempt":1}');
INSERT INTO "activity" VALUES(58,'default','01a22cd4-77cf-7201-b504-f76913c82f41','status','agent:local',1796048451765561,'{"status":"running","attempt":1}');
INSERT INTO "activity" VALUES(59,'default','01a22cd4-77cf-7201-b504-f76913c82f41','status','core',1796048451765561,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":1}');
INSERT INTO "activity" VALUES(60,'default','01a22cd4-77cf-7201-b504-f76913c82f41','status','core',1796048451764475,'{"status":"succeeded","attempt":1}');
INSERT INTO "activity" VALUES(61,'default','01a22cd4-7cac-7d03-9cd7-64b9a60d1d09','status','user:admin',1796048452779696,'{"status":"created","name":"say"}');
INSERT INTO "activity" VALUES(62,'default','01a22cd4-7cac-7d03-9cd7-64b9a60d1d09','status','core',1796048452779696,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(63,'default','01a22cd4-7cac-7d03-9cd7-64b9a60d1d09','status','core',1796048452779696,'{"status":"queued"}');
INSERT INTO "activity" VALUES(64,'default','01a22cd4-77cf-7201-b504-f76913c82f41','cloned','user:admin',1796048452779696,'{"how":"restart","run":"01a22cd4-7cac-7d03-9cd7-64b9a60d1d09"}');
INSERT INTO "activity" VALUES(65,'default','01a22cd4-7cac-7d03-9cd7-64b9a60d1d09','status','agent:local',1796048452789383,'{"status":"scheduled","attempt":1}');
INSERT INTO "activity" VALUES(66,'default','01a22cd4-7cac-7d03-9cd7-64b9a60d1d09','status','agent:local',1796048452824639,'{"status":"starting","attempt":1}');
INSERT INTO "activity" VALUES(67,'default','01a22cd4-7cac-7d03-9cd7-64b9a60d1d09','status','agent:local',1796048452885253,'{"status":"running","attempt":1}');
INSERT INTO "activity" VALUES(68,'default','01a22cd4-7cac-7d03-9cd7-64b9a60d1d09','status','core',1796048452885253,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":1}');
INSERT INTO "activity" VALUES(69,'default','01a22cd4-7cac-7d03-9cd7-64b9a60d1d09','status','core',1796048452915741,'{"status":"succeeded","attempt":1}');
INSERT INTO "activity" VALUES(70,'default','01a22cd4-85a8-748e-9bc0-729ce2ad491f','status','user:admin',1796048455079794,'{"status":"created","name":"waiting"}');
INSERT INTO "activity" VALUES(71,'default','01a22cd4-85a8-748e-9bc0-729ce2ad491f','status','core',1796048455079794,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(72,'default','01a22cd4-85a8-748e-9bc0-729ce2ad491f','status','core',1796048455079794,'{"status":"running"}');
INSERT INTO "activity" VALUES(73,'default','01a22cd4-85c2-75d6-8f55-29414bd4846a','status','user:admin',1796048455106788,'{"status":"created","name":"waiting-1"}');
INSERT INTO "activity" VALUES(74,'default','01a22cd4-85c2-75d6-8f55-29414bd4846a','status','core',1796048455106788,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(75,'default','01a22cd4-85c2-75d6-8f55-29414bd4846a','status','core',1796048455106788,'{"status":"queued"}');
INSERT INTO "activity" VALUES(76,'default','01a22cd4-85c3-7862-9ff7-50405722f719','status','user:admin',1796048455107888,'{"status":"created","name":"waiting-2"}');
INSERT INTO "activity" VALUES(77,'default','01a22cd4-85c3-7862-9ff7-50405722f719','status','core',1796048455107888,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(78,'default','01a22cd4-85c3-7862-9ff7-50405722f719','status','core',1796048455107888,'{"status":"queued"}');
CREATE TABLE agent (
            name TEXT PRIMARY KEY,
            scheduler TEXT NOT NULL,
            queues TEXT NOT NULL,
            cpu DOUBLE PRECISION NOT NULL,
            memory BIGINT NOT NULL,
            gpu INTEGER NOT NULL,
            draining INTEGER NOT NULL DEFAULT 0,
            seen_at BIGINT NOT NULL, epoch BIGINT NOT NULL DEFAULT 0, labels TEXT NOT NULL DEFAULT '{}', granted TEXT NOT NULL DEFAULT '{}', resources TEXT NOT NULL DEFAULT '{}', allowed TEXT NOT NULL DEFAULT '["*"]', version TEXT NOT NULL DEFAULT '', enrolled INTEGER NOT NULL DEFAULT 0, leaving INTEGER NOT NULL DEFAULT 0, not_ready TEXT NOT NULL DEFAULT '');
INSERT INTO "agent" VALUES('local','process','["*"]',2.0,25276502016,0,0,1796048455688359,1,'{}','{}','{}','["*"]','0.1.0',0,0,'');
CREATE TABLE artifact (
            run TEXT NOT NULL REFERENCES run (id),
            name TEXT NOT NULL,
            kind TEXT NOT NULL,
            size BIGINT NOT NULL,
            digest TEXT NOT NULL,
            data TEXT NOT NULL DEFAULT '{}',
            at BIGINT NOT NULL, source TEXT,
            PRIMARY KEY (run, name)) WITHOUT ROWID;
INSERT INTO "artifact" VALUES('01a22cd4-62d3-742a-a523-0bcd70fc9451','weights.txt','file',7,'sha256:9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c','{}',1796048446346408,NULL);
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
INSERT INTO "attempt" VALUES('01a22cd4-6990-73c7-b386-646485bad2e7',1,'local','exited',0.1,0,'[]','{"code":0,"signal":null,"reason":"","message":"","started_at":1796048448.2772632,"finished_at":1796048448.5917027,"last_lines":[],"writers":{"0b820be4fb18bfb97d0475a7c2bf7ac2":1},"retryable":false}',0,NULL,'','',1796048508623219,1,1796048447897321,1796048448336730,1796048448623219,'{}','');
INSERT INTO "attempt" VALUES('01a22cd4-6991-76ff-b0d8-0c26c96d8644',1,'local','exited',0.1,0,'[]','{"code":0,"signal":null,"reason":"","message":"","started_at":1796048448.2705917,"finished_at":1796048448.5522602,"last_lines":[],"writers":{"0dd93924f85e5df1b89075e14ee0aff7":1},"retryable":false}',0,NULL,'','',1796048508599995,1,1796048447897321,1796048448308805,1796048448590473,'{}','');
INSERT INTO "attempt" VALUES('01a22cd4-6c9f-750f-93f7-f3c0d2731734',1,'local','exited',0.1,0,'[]','{"code":0,"signal":null,"reason":"","message":"","started_at":1796048448.7530384,"finished_at":1796048449.1071782,"last_lines":[],"writers":{"844cbeed5fccd755d61fa5b7af07825e":1},"retryable":false}',0,NULL,'','',1796048509158822,1,1796048448675571,1796048448827856,1796048449158822,'{}','');
INSERT INTO "attempt" VALUES('01a22cd4-6fa5-758a-a02d-c4aee307064b',1,'local','exited',1.0,0,'[]','{"code":1,"signal":null,"reason":"","message":"","started_at":1796048449.5022364,"finished_at":1796048449.8839812,"last_lines":[],"writers":{"5331505a325519fd58468b5f37331072":1},"retryable":false}',1,NULL,'','',1796048509908493,1,1796048449448277,1796048449516347,1796048449898091,'{}','');
INSERT INTO "attempt" VALUES('01a22cd4-6fa5-758a-a02d-c4aee307064b',2,'local','exited',1.0,0,'[]','{"code":0,"signal":null,"reason":"","message":"","started_at":1796048450.7907379,"finished_at":1796048451.064531,"last_lines":[],"writers":{"1fda443850b621cd3a26ee38b3e12a11":1},"retryable":false}',0,NULL,'','',1796048511104539,1,1796048450727210,1796048450827764,1796048451101557,'{}','');
INSERT INTO "attempt" VALUES('01a22cd4-77cf-7201-b504-f76913c82f41',1,'local','exited',1.0,0,'[]','{"code":0,"signal":null,"reason":"","message":"","started_at":1796048451.669852,"finished_at":1796048451.697207,"last_lines":["hello"],"writers":{"a0a50955bb8812a8a28acd5749744bcd":1},"retryable":false}',0,NULL,'','',1796048511765561,1,1796048451591795,1796048451738207,1796048451765561,'{}','');
INSERT INTO "attempt" VALUES('01a22cd4-7cac-7d03-9cd7-64b9a60d1d09',1,'local','exited',1.0,0,'[]','{"code":0,"signal":null,"reason":"","message":"","started_at":1796048452.832818,"finished_at":1796048452.844154,"last_lines":["hello"],"writers":{"2e6a415a83da9f30c4d814351420bb39":1},"retryable":false}',0,NULL,'','',1796048512885253,1,1796048452789383,1796048452873918,1796048452885253,'{}','');
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
','sha256:a8971a3f3cbc8a7baa6b80297f79510cfb3fb6ad67b3959efa74255162064b15','','[]','testing',0,NULL,'user:admin',1796048445541987,1796048445541987);
CREATE TABLE component_use (
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            component BIGINT NOT NULL REFERENCES component (id),
            PRIMARY KEY (run, component));
INSERT INTO "component_use" VALUES('01a22cd4-77cf-7201-b504-f76913c82f41',1);
INSERT INTO "component_use" VALUES('01a22cd4-7cac-7d03-9cd7-64b9a60d1d09',1);
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
INSERT INTO "edge" VALUES('01a22cd4-7cac-7d03-9cd7-64b9a60d1d09','01a22cd4-77cf-7201-b504-f76913c82f41','cloned','{"how":"restart"}',1796048452779696);
CREATE TABLE hearing (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        since BIGINT NOT NULL,
        until BIGINT NOT NULL);
INSERT INTO "hearing" VALUES(1,1796048435416493,1796048455671980);
CREATE TABLE idempotency (
            scope TEXT NOT NULL,
            key TEXT NOT NULL,
            digest TEXT NOT NULL,
            run TEXT NOT NULL,
            created_at BIGINT NOT NULL, status INTEGER NOT NULL DEFAULT 0, answer TEXT NOT NULL DEFAULT '',
            PRIMARY KEY (scope, key)) WITHOUT ROWID;
CREATE TABLE instance (key TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO "instance" VALUES('secret','a785a38ed1decd9bb6d3f677320e9ba48e19621edbf070cd826d102db559fe12');
CREATE TABLE member (
            project TEXT NOT NULL REFERENCES project (name),
            principal TEXT NOT NULL REFERENCES principal (name),
            role TEXT NOT NULL CHECK (role IN ('viewer', 'member', 'admin')),
            created_at BIGINT NOT NULL,
            PRIMARY KEY (project, principal));
INSERT INTO "member" VALUES('default','ada','member',1796048442614541);
CREATE TABLE metric (
            run TEXT NOT NULL REFERENCES run (id),
            name TEXT NOT NULL,
            last DOUBLE PRECISION,
            last_step BIGINT NOT NULL,
            low DOUBLE PRECISION,
            high DOUBLE PRECISION,
            total BIGINT NOT NULL,
            finite BIGINT NOT NULL, project TEXT NOT NULL DEFAULT '', last_time BIGINT NOT NULL DEFAULT 0, last_writer TEXT NOT NULL DEFAULT '', attempt INTEGER NOT NULL DEFAULT 0, version BIGINT NOT NULL DEFAULT 0,
            PRIMARY KEY (run, name)) WITHOUT ROWID;
INSERT INTO "metric" VALUES('01a22cd4-62d3-742a-a523-0bcd70fc9451','accuracy',0.75,3,0.0,0.75,4,4,'default',1796048446304267,'13d291fd79ae11d0d04b0dbcda2179af',0,2);
INSERT INTO "metric" VALUES('01a22cd4-62d3-742a-a523-0bcd70fc9451','loss',2.0,3,1.0,3.0,4,3,'default',1796048446304267,'13d291fd79ae11d0d04b0dbcda2179af',0,1);
INSERT INTO "metric" VALUES('01a22cd4-6990-73c7-b386-646485bad2e7','loss',4.33784581189631,2,4.33784581189631,4.83784581189631,2,2,'default',1796048448510700,'0b820be4fb18bfb97d0475a7c2bf7ac2',0,1);
INSERT INTO "metric" VALUES('01a22cd4-6991-76ff-b0d8-0c26c96d8644','loss',1.31925943563961700633e+00,2,1.31925943563961700633e+00,1.81925943563961700633e+00,2,2,'default',1796048448447732,'0dd93924f85e5df1b89075e14ee0aff7',0,1);
INSERT INTO "metric" VALUES('01a22cd4-6c9f-750f-93f7-f3c0d2731734','loss',5.770515350621794326e-01,2,5.770515350621794326e-01,1.0770515350621794326e+00,2,2,'default',1796048449005699,'844cbeed5fccd755d61fa5b7af07825e',0,1);
INSERT INTO "metric" VALUES('01a22cd4-6fa5-758a-a02d-c4aee307064b','loss',5.0,2,5.0,7.0,3,3,'default',1796048450991803,'1fda443850b621cd3a26ee38b3e12a11',2,2);
CREATE TABLE metric_attempt (
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            attempt INTEGER NOT NULL,
            first_step BIGINT NOT NULL,
            last DOUBLE PRECISION,
            last_step BIGINT NOT NULL,
            last_time BIGINT NOT NULL,
            last_writer TEXT NOT NULL,
            low DOUBLE PRECISION,
            high DOUBLE PRECISION,
            total BIGINT NOT NULL,
            finite BIGINT NOT NULL,
            PRIMARY KEY (run, name)) WITHOUT ROWID;
INSERT INTO "metric_attempt" VALUES('01a22cd4-6fa5-758a-a02d-c4aee307064b','loss',2,0,5.0,2,1796048450991803,'1fda443850b621cd3a26ee38b3e12a11',5.0,7.0,3,3);
CREATE TABLE migration (
            app TEXT NOT NULL, name TEXT NOT NULL, applied_at BIGINT NOT NULL, PRIMARY KEY (app, name));
INSERT INTO "migration" VALUES('core','m0001_spine',1796048434407263);
INSERT INTO "migration" VALUES('core','m0002_access',1796048434456817);
INSERT INTO "migration" VALUES('core','m0003_search',1796048434458970);
INSERT INTO "migration" VALUES('core','m0004_queues',1796048434473083);
INSERT INTO "migration" VALUES('core','m0005_agents',1796048434509133);
INSERT INTO "migration" VALUES('core','m0006_runs',1796048434522777);
INSERT INTO "migration" VALUES('core','m0007_components',1796048434523039);
INSERT INTO "migration" VALUES('core','m0008_uploads',1796048434523187);
INSERT INTO "migration" VALUES('core','m0009_sweeps',1796048434544032);
INSERT INTO "migration" VALUES('core','m0010_attempts',1796048434551334);
INSERT INTO "migration" VALUES('core','m0011_hearing',1796048434551396);
INSERT INTO "migration" VALUES('core','m0012_token_parents',1796048434572789);
INSERT INTO "migration" VALUES('core','m0013_reading',1796048434598988);
INSERT INTO "migration" VALUES('core','m0014_endings',1796048434624970);
CREATE TABLE operation (
            run TEXT PRIMARY KEY REFERENCES run (id),
            spec TEXT NOT NULL,
            resolved TEXT NOT NULL, given TEXT NOT NULL DEFAULT '{}') WITHOUT ROWID;
INSERT INTO "operation" VALUES('01a22cd4-62d3-742a-a523-0bcd70fc9451','null','null','{}');
INSERT INTO "operation" VALUES('01a22cd4-6932-7f19-bf2b-e3fb296ec813','{"content":"version: 1.1\nkind: operation\nname: swept\nqueue: default\nmatrix: {kind: tpe, numRuns: 3, concurrency: 2, seed: 1, params: {x: {kind: uniform, value: [-5, 5]}},\n  metric: {name: loss, optimization: minimize}}\ncomponent:\n  inputs: [{name: x, type: float}]\n  run:\n    kind: job\n    container:\n      command: [python, -W, ignore, -c, \"x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]\"]\n      resources: {requests: {cpu: 0.1}}\n","file":"swept.yaml"}','{"code":{"kind":"none"},"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","kind":"sweep","name":"swept","queue":"default","resources":{"cpu":0.1},"sweep":{"algorithm":"tpe","concurrency":2,"objectives":[{"goal":"minimize","name":"loss"}],"options":{"numRuns":3},"seed":1,"space":{"params":{"x":{"high":5.0,"kind":"uniform","low":-5.0}}}}}','{"code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22cd4-6990-73c7-b386-646485bad2e7','{"version":1.1,"kind":"operation","name":"swept","queue":"default","component":{"inputs":[{"name":"x","type":"float"}],"run":{"kind":"job","container":{"command":["python","-W","ignore","-c","x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"resources":{"requests":{"cpu":0.1}}}}}}','{"code":{"kind":"none"},"command":["python","-W","ignore","-c","x = float(1.0409579351386276); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","inputs":{"x":1.0409579351386276},"kind":"job","name":"swept-1","queue":"default","resources":{"cpu":0.1}}','{"params":{"x":1.0409579351386276},"name":"swept-1","code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22cd4-6991-76ff-b0d8-0c26c96d8644','{"version":1.1,"kind":"operation","name":"swept","queue":"default","component":{"inputs":[{"name":"x","type":"float"}],"run":{"kind":"job","container":{"command":["python","-W","ignore","-c","x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"resources":{"requests":{"cpu":0.1}}}}}}','{"code":{"kind":"none"},"command":["python","-W","ignore","-c","x = float(3.9051295131856087); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","inputs":{"x":3.9051295131856087},"kind":"job","name":"swept-2","queue":"default","resources":{"cpu":0.1}}','{"params":{"x":3.9051295131856087},"name":"swept-2","code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22cd4-6c9f-750f-93f7-f3c0d2731734','{"version":1.1,"kind":"operation","name":"swept","queue":"default","component":{"inputs":[{"name":"x","type":"float"}],"run":{"kind":"job","container":{"command":["python","-W","ignore","-c","x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"resources":{"requests":{"cpu":0.1}}}}}}','{"code":{"kind":"none"},"command":["python","-W","ignore","-c","x = float(2.7224184172856933); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","inputs":{"x":2.7224184172856933},"kind":"job","name":"swept-3","queue":"default","resources":{"cpu":0.1}}','{"params":{"x":2.7224184172856933},"name":"swept-3","code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22cd4-6fa5-758a-a02d-c4aee307064b','{"content":"version: 1.1\nkind: operation\nname: retried\ntermination: {maxRetries: 1}\ncomponent:\n  run:\n    kind: job\n    container:\n      command: [python, -W, ignore, -c, \"import sys, trainyard; run = trainyard.init();\n          [run.log({''loss'': 9.0 - s - run.attempt}, s) for s in range(3)]; trainyard.finish();\n          sys.exit(run.attempt == 1)\"]\n","file":"retried.yaml"}','{"code":{"kind":"none"},"command":["python","-W","ignore","-c","import sys, trainyard; run = trainyard.init(); [run.log({''loss'': 9.0 - s - run.attempt}, s) for s in range(3)]; trainyard.finish(); sys.exit(run.attempt == 1)"],"component":"sha256:9f723e847d52802d0980977798470304c9c7e2ea864d355437c17293d5bd32b2","kind":"job","max_retries":1,"name":"retried","resources":{"cpu":0.0}}','{"code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22cd4-77cf-7201-b504-f76913c82f41','{"name":"say","version":1.1,"kind":"operation","component":{"inputs":[{"name":"word","type":"str","value":"hi"}],"cmd":"echo {{ word }}"}}','{"args":["set -e\necho hello"],"code":{"kind":"none"},"command":["/bin/sh","-c"],"component":"sha256:9d552377b88e3cb41c93b1381f450cbba73bb1b3c50fa5825f8e8b20cdefcff9","inputs":{"word":"hello"},"kind":"job","name":"say","resources":{"cpu":0.0}}','{"params":{"word":"hello"},"code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22cd4-7cac-7d03-9cd7-64b9a60d1d09','{"name":"say","version":1.1,"kind":"operation","component":{"inputs":[{"name":"word","type":"str","value":"hi"}],"cmd":"echo {{ word }}"}}','{"args":["set -e\necho hello"],"code":{"kind":"none"},"command":["/bin/sh","-c"],"component":"sha256:9d552377b88e3cb41c93b1381f450cbba73bb1b3c50fa5825f8e8b20cdefcff9","inputs":{"word":"hello"},"kind":"job","name":"say","resources":{"cpu":0.0}}','{"params":{"word":"hello"},"code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22cd4-85a8-748e-9bc0-729ce2ad491f','{"content":"version: 1.1\nkind: operation\nname: waiting\nqueue: later\nmatrix: {kind: tpe, numRuns: 3, concurrency: 2, seed: 1, params: {x: {kind: uniform, value: [-5, 5]}},\n  metric: {name: loss, optimization: minimize}}\ncomponent:\n  inputs: [{name: x, type: float}]\n  run:\n    kind: job\n    container:\n      command: [python, -W, ignore, -c, \"x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]\"]\n      resources: {requests: {cpu: 0.1}}\n","file":"waiting.yaml"}','{"code":{"kind":"none"},"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","kind":"sweep","name":"waiting","queue":"later","resources":{"cpu":0.1},"sweep":{"algorithm":"tpe","concurrency":2,"objectives":[{"goal":"minimize","name":"loss"}],"options":{"numRuns":3},"seed":1,"space":{"params":{"x":{"high":5.0,"kind":"uniform","low":-5.0}}}}}','{"code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22cd4-85c2-75d6-8f55-29414bd4846a','{"version":1.1,"kind":"operation","name":"waiting","queue":"later","component":{"inputs":[{"name":"x","type":"float"}],"run":{"kind":"job","container":{"command":["python","-W","ignore","-c","x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"resources":{"requests":{"cpu":0.1}}}}}}','{"code":{"kind":"none"},"command":["python","-W","ignore","-c","x = float(1.0409579351386276); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","inputs":{"x":1.0409579351386276},"kind":"job","name":"waiting-1","queue":"later","resources":{"cpu":0.1}}','{"params":{"x":1.0409579351386276},"name":"waiting-1","code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22cd4-85c3-7862-9ff7-50405722f719','{"version":1.1,"kind":"operation","name":"waiting","queue":"later","component":{"inputs":[{"name":"x","type":"float"}],"run":{"kind":"job","container":{"command":["python","-W","ignore","-c","x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"resources":{"requests":{"cpu":0.1}}}}}}','{"code":{"kind":"none"},"command":["python","-W","ignore","-c","x = float(3.9051295131856087); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","inputs":{"x":3.9051295131856087},"kind":"job","name":"waiting-2","queue":"later","resources":{"cpu":0.1}}','{"params":{"x":3.9051295131856087},"name":"waiting-2","code":{"kind":"none"}}');
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
INSERT INTO "principal" VALUES('admin','user','admin','',1796048434714284,1796048434714284,NULL);
INSERT INTO "principal" VALUES('ada','user','member','',1796048438476530,1796048438476530,NULL);
CREATE TABLE project (
            name TEXT PRIMARY KEY,
            description TEXT NOT NULL DEFAULT '',
            created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL DEFAULT 0, archived_at BIGINT, weight DOUBLE PRECISION NOT NULL DEFAULT 1, quota TEXT NOT NULL DEFAULT '{}', queues TEXT NOT NULL DEFAULT '["*"]', connections TEXT NOT NULL DEFAULT '["*"]');
INSERT INTO "project" VALUES('default','',1796048434660631,1796048434660631,NULL,1.0,'{}','["*"]','["*"]');
INSERT INTO "project" VALUES('vision','',1796048436728432,1796048436728432,NULL,1.0,'{}','["*"]','["*"]');
CREATE TABLE queue (
            name TEXT PRIMARY KEY,
            concurrency INTEGER CHECK (concurrency >= 0),
            paused INTEGER NOT NULL DEFAULT 0,
            created_at BIGINT NOT NULL, priority INTEGER NOT NULL DEFAULT 0, quota TEXT NOT NULL DEFAULT '{}', selector TEXT NOT NULL DEFAULT '{}', updated_at BIGINT NOT NULL DEFAULT 0);
INSERT INTO "queue" VALUES('default',NULL,0,1796048434660631,0,'{}','{}',1796048434660631);
INSERT INTO "queue" VALUES('later',NULL,1,1796048440595440,1,'{}','{}',1796048441545656);
CREATE TABLE reader (name TEXT PRIMARY KEY, position BIGINT NOT NULL);
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
            CHECK (clone_kind IN ('', 'restart', 'resume', 'copy')), fork_step BIGINT, ended_reason TEXT NOT NULL DEFAULT '', ended_code INTEGER, ended_at BIGINT,
            CHECK ((status IN ('succeeded','failed','stopped','skipped')) = (finished_at IS NOT NULL)),
            CHECK (status NOT IN ('scheduled', 'starting') OR attempt > 0),
            CHECK (wake_at IS NULL OR status NOT IN ('succeeded','failed','stopped','skipped')));
INSERT INTO "run" VALUES('01a22cd4-62d3-742a-a523-0bcd70fc9451','default','tracked','tracked','','succeeded','','','run','','',NULL,'',0,'',0,NULL,NULL,NULL,0,'{"lr":0.1,"model":"cnn"}','{"best":1.0}','{"note":"first"}','["base"]','',0.0,0,0,0,0,0,0,NULL,NULL,'succeeded','',NULL,0,1796048446163000,1796048446346408,1796048446163000,1796048446322935,'{}','','user:admin',NULL,'',NULL,'',NULL,1796048446322935);
INSERT INTO "run" VALUES('01a22cd4-6932-7f19-bf2b-e3fb296ec813','default','sweep','swept','','succeeded','','3 of 3 trials succeeded','run','','',NULL,'',1,'',0,NULL,NULL,NULL,1,'{}','{}','{}','[]','sha256:9a37410dcd4ad0e2ff83d2014a8f724f2f412e94203c634128deda5265d2b74f',0.1,0,0,0,0,0,0,NULL,1.0,'','',NULL,4,1796048447793444,1796048449217746,1796048447793444,1796048449217746,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL);
INSERT INTO "run" VALUES('01a22cd4-6990-73c7-b386-646485bad2e7','default','job','swept-1','','succeeded','','','run','','',NULL,'',1,'default',0,'01a22cd4-6932-7f19-bf2b-e3fb296ec813','1',NULL,1,'{"x":1.0409579351386276}','{}','{"trial":{"sweep":"01a22cd4-6932-7f19-bf2b-e3fb296ec813","number":1}}','[]','sha256:5f674c8745a6cbc600e99035a70e62d0cd9171df22104eb0a98626d4f31c787f',0.1,0,0,1,0,0,0,NULL,NULL,'','',NULL,0,1796048447888417,1796048448661201,1796048448336730,1796048448661201,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL);
INSERT INTO "run" VALUES('01a22cd4-6991-76ff-b0d8-0c26c96d8644','default','job','swept-2','','succeeded','','','run','','',NULL,'',1,'default',0,'01a22cd4-6932-7f19-bf2b-e3fb296ec813','2',NULL,1,'{"x":3.9051295131856087}','{}','{"trial":{"sweep":"01a22cd4-6932-7f19-bf2b-e3fb296ec813","number":2}}','[]','sha256:59b25557a8770e2887ab54cd83d5626a51a8cfaf197474f9dc62c2f454d0378f',0.1,0,0,1,0,0,0,NULL,NULL,'','',NULL,0,1796048447889495,1796048448622391,1796048448308805,1796048448622391,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL);
INSERT INTO "run" VALUES('01a22cd4-6c9f-750f-93f7-f3c0d2731734','default','job','swept-3','','succeeded','','','run','','',NULL,'',1,'default',0,'01a22cd4-6932-7f19-bf2b-e3fb296ec813','3',NULL,1,'{"x":2.7224184172856933}','{}','{"trial":{"sweep":"01a22cd4-6932-7f19-bf2b-e3fb296ec813","number":3}}','[]','sha256:be5ac9fcb7108332f9b94803e3685a60c2a2336aadb4fca3185e247c93e80f55',0.1,0,0,1,0,0,0,NULL,NULL,'','',NULL,0,1796048448671952,1796048449163974,1796048448827856,1796048449163974,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL);
INSERT INTO "run" VALUES('01a22cd4-6fa5-758a-a02d-c4aee307064b','default','job','retried','','succeeded','','','run','','',NULL,'',1,'default',0,NULL,NULL,NULL,1,'{}','{}','{}','[]','sha256:e2688a62e718cb84f77fff1deed07e58e0d8fd832c03f03f82cf0f8e7164a8d9',1.0,0,0,2,1,0,1,NULL,NULL,'','',NULL,1,1796048449439065,1796048451135916,1796048449516347,1796048451135916,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL);
INSERT INTO "run" VALUES('01a22cd4-77cf-7201-b504-f76913c82f41','default','job','say','','succeeded','','','run','','',NULL,'',1,'default',0,NULL,NULL,NULL,1,'{"word":"hello"}','{}','{}','[]','sha256:9192dbe378c23cbadfc472df7bc72457c79322f362c0ef2e7d51f75dc3445d1b',1.0,0,0,1,0,0,0,NULL,NULL,'','',NULL,0,1796048451529308,1796048451764475,1796048451738207,1796048451764475,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL);
INSERT INTO "run" VALUES('01a22cd4-7cac-7d03-9cd7-64b9a60d1d09','default','job','say','','succeeded','','','run','','',NULL,'',1,'default',0,NULL,NULL,'01a22cd4-77cf-7201-b504-f76913c82f41',1,'{"word":"hello"}','{}','{}','[]','sha256:9192dbe378c23cbadfc472df7bc72457c79322f362c0ef2e7d51f75dc3445d1b',1.0,0,0,1,0,0,0,NULL,NULL,'','',NULL,0,1796048452779696,1796048452915741,1796048452873918,1796048452915741,'{}','','user:admin',NULL,'restart',NULL,'',NULL,NULL);
INSERT INTO "run" VALUES('01a22cd4-85a8-748e-9bc0-729ce2ad491f','default','sweep','waiting','','running','','','run','','',NULL,'',1,'',0,NULL,NULL,NULL,1,'{}','{}','{}','[]','sha256:9a37410dcd4ad0e2ff83d2014a8f724f2f412e94203c634128deda5265d2b74f',0.1,0,0,0,0,0,0,NULL,0.0,'','',NULL,1,1796048455079794,1796048455108027,1796048455079794,NULL,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL);
INSERT INTO "run" VALUES('01a22cd4-85c2-75d6-8f55-29414bd4846a','default','job','waiting-1','','queued','','','run','','',NULL,'',1,'later',0,'01a22cd4-85a8-748e-9bc0-729ce2ad491f','1',NULL,1,'{"x":1.0409579351386276}','{}','{"trial":{"sweep":"01a22cd4-85a8-748e-9bc0-729ce2ad491f","number":1}}','[]','sha256:5f674c8745a6cbc600e99035a70e62d0cd9171df22104eb0a98626d4f31c787f',0.1,0,0,0,0,0,0,NULL,NULL,'','',NULL,0,1796048455106788,1796048455106788,NULL,NULL,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL);
INSERT INTO "run" VALUES('01a22cd4-85c3-7862-9ff7-50405722f719','default','job','waiting-2','','queued','','','run','','',NULL,'',1,'later',0,'01a22cd4-85a8-748e-9bc0-729ce2ad491f','2',NULL,1,'{"x":3.9051295131856087}','{}','{"trial":{"sweep":"01a22cd4-85a8-748e-9bc0-729ce2ad491f","number":2}}','[]','sha256:59b25557a8770e2887ab54cd83d5626a51a8cfaf197474f9dc62c2f454d0378f',0.1,0,0,0,0,0,0,NULL,NULL,'','',NULL,0,1796048455107888,1796048455107888,NULL,NULL,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL);
CREATE TABLE run_tag (
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            tag TEXT NOT NULL,
            project TEXT NOT NULL,
            PRIMARY KEY (run, tag)) WITHOUT ROWID;
INSERT INTO "run_tag" VALUES('01a22cd4-62d3-742a-a523-0bcd70fc9451','base','default');
CREATE TABLE run_value (
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            source TEXT NOT NULL,
            name TEXT NOT NULL,
            project TEXT NOT NULL,
            number DOUBLE PRECISION,
            text TEXT,
            PRIMARY KEY (run, source, name)) WITHOUT ROWID;
INSERT INTO "run_value" VALUES('01a22cd4-62d3-742a-a523-0bcd70fc9451','meta','note','default',NULL,'first');
INSERT INTO "run_value" VALUES('01a22cd4-62d3-742a-a523-0bcd70fc9451','outputs','best','default',1.0,NULL);
INSERT INTO "run_value" VALUES('01a22cd4-62d3-742a-a523-0bcd70fc9451','params','lr','default',0.1,NULL);
INSERT INTO "run_value" VALUES('01a22cd4-62d3-742a-a523-0bcd70fc9451','params','model','default',NULL,'cnn');
INSERT INTO "run_value" VALUES('01a22cd4-6990-73c7-b386-646485bad2e7','meta','trial','default',NULL,'{"sweep":"01a22cd4-6932-7f19-bf2b-e3fb296ec813","number":1}');
INSERT INTO "run_value" VALUES('01a22cd4-6990-73c7-b386-646485bad2e7','params','x','default',1.04095793513862755474e+00,NULL);
INSERT INTO "run_value" VALUES('01a22cd4-6991-76ff-b0d8-0c26c96d8644','meta','trial','default',NULL,'{"sweep":"01a22cd4-6932-7f19-bf2b-e3fb296ec813","number":2}');
INSERT INTO "run_value" VALUES('01a22cd4-6991-76ff-b0d8-0c26c96d8644','params','x','default',3.90512951318560874724e+00,NULL);
INSERT INTO "run_value" VALUES('01a22cd4-6c9f-750f-93f7-f3c0d2731734','meta','trial','default',NULL,'{"sweep":"01a22cd4-6932-7f19-bf2b-e3fb296ec813","number":3}');
INSERT INTO "run_value" VALUES('01a22cd4-6c9f-750f-93f7-f3c0d2731734','params','x','default',2.72241841728569333724e+00,NULL);
INSERT INTO "run_value" VALUES('01a22cd4-77cf-7201-b504-f76913c82f41','params','word','default',NULL,'hello');
INSERT INTO "run_value" VALUES('01a22cd4-7cac-7d03-9cd7-64b9a60d1d09','params','word','default',NULL,'hello');
INSERT INTO "run_value" VALUES('01a22cd4-85c2-75d6-8f55-29414bd4846a','meta','trial','default',NULL,'{"sweep":"01a22cd4-85a8-748e-9bc0-729ce2ad491f","number":1}');
INSERT INTO "run_value" VALUES('01a22cd4-85c2-75d6-8f55-29414bd4846a','params','x','default',1.04095793513862755474e+00,NULL);
INSERT INTO "run_value" VALUES('01a22cd4-85c3-7862-9ff7-50405722f719','meta','trial','default',NULL,'{"sweep":"01a22cd4-85a8-748e-9bc0-729ce2ad491f","number":2}');
INSERT INTO "run_value" VALUES('01a22cd4-85c3-7862-9ff7-50405722f719','params','x','default',3.90512951318560874724e+00,NULL);
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
INSERT INTO "sweep" VALUES('01a22cd4-6932-7f19-bf2b-e3fb296ec813','{"algorithm":"tpe","space":{"params":{"x":{"kind":"uniform","low":-5.0,"high":5.0}}},"objectives":[{"name":"loss","goal":"minimize"}],"options":{"numRuns":3},"seed":1,"concurrency":2}',1,3,2,0,0,0,4,X'93A374706501949396A13191CB3FF0A7C381FEE9DC0191CB401159F440A4BDAA90C096A13291CB400F3DB48ACE36750191CB3FF51BAFC8302F6690C096A13391CB4005C7834EA2293C0191CB3FE27734C7E65B6890C0030390',3,3,0,0,0,1,'{"status":"succeeded","reason":"","message":"3 of 3 trials succeeded","spares":0}','',0);
INSERT INTO "sweep" VALUES('01a22cd4-85a8-748e-9bc0-729ce2ad491f','{"algorithm":"tpe","space":{"params":{"x":{"kind":"uniform","low":-5.0,"high":5.0}}},"objectives":[{"name":"loss","goal":"minimize"}],"options":{"numRuns":3},"seed":1,"concurrency":2}',1,3,2,0,0,0,1,X'93A374706501949296A13191CB3FF0A7C381FEE9DC009090C096A13291CB400F3DB48ACE3675009090C0020290',2,0,0,0,0,0,'','',0);
CREATE TABLE token (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            hash TEXT NOT NULL UNIQUE,
            created_at BIGINT NOT NULL,
            expires_at BIGINT,
            revoked_at BIGINT, principal TEXT NOT NULL DEFAULT '', prefix TEXT NOT NULL DEFAULT '', scopes TEXT NOT NULL DEFAULT '["read","write","track","admin","agent"]', projects TEXT NOT NULL DEFAULT '["*"]', used_at BIGINT, parent TEXT NOT NULL DEFAULT '');
INSERT INTO "token" VALUES('01a22cd4-361a-7fec-9709-818f1dd5084c','data directory','3d856bc75c896f08fe18b85f88e37ff3c9d4ca4bfdf46d1076f7b1e926f7043c',1796048434714284,NULL,NULL,'admin','ty.27mJJg','["read","write","track","admin","agent"]','["*"]',1796048436726956,'');
INSERT INTO "token" VALUES('01a22cd4-4923-7dc1-b6e3-0e6daf3db3f1','ci','2ca0a9e6e2b3a127aff457533e7bec8a679324c12052b67f0897bfdaf3024d98',1796048439586986,NULL,NULL,'admin','ty.Qkwkec','["read"]','["*"]',NULL,'01a22cd4-361a-7fec-9709-818f1dd5084c');
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
INSERT INTO "trial" VALUES('01a22cd4-6932-7f19-bf2b-e3fb296ec813','1',1,'01a22cd4-6990-73c7-b386-646485bad2e7',0,'succeeded',2,-1,'{"x":1.0409579351386276}','{"loss":4.33784581189631}',4.33784581189631,'','','','',1796048447889641,1796048448718179);
INSERT INTO "trial" VALUES('01a22cd4-6932-7f19-bf2b-e3fb296ec813','2',2,'01a22cd4-6991-76ff-b0d8-0c26c96d8644',0,'succeeded',2,-1,'{"x":3.9051295131856087}','{"loss":1.319259435639617}',1.31925943563961700633e+00,'','','','',1796048447889641,1796048448672428);
INSERT INTO "trial" VALUES('01a22cd4-6932-7f19-bf2b-e3fb296ec813','3',3,'01a22cd4-6c9f-750f-93f7-f3c0d2731734',0,'succeeded',2,-1,'{"x":2.7224184172856933}','{"loss":0.5770515350621794}',5.770515350621794326e-01,'','','','',1796048448672428,1796048449217746);
INSERT INTO "trial" VALUES('01a22cd4-85a8-748e-9bc0-729ce2ad491f','1',1,'01a22cd4-85c2-75d6-8f55-29414bd4846a',0,'open',0,-1,'{"x":1.0409579351386276}','{}',NULL,'','','','',1796048455108027,NULL);
INSERT INTO "trial" VALUES('01a22cd4-85a8-748e-9bc0-729ce2ad491f','2',2,'01a22cd4-85c3-7862-9ff7-50405722f719',0,'open',0,-1,'{"x":3.9051295131856087}','{}',NULL,'','','','',1796048455108027,NULL);
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
CREATE TABLE writer (
            run TEXT NOT NULL REFERENCES run (id),
            writer TEXT NOT NULL,
            seq BIGINT NOT NULL,
            final INTEGER NOT NULL DEFAULT 0,
            dropped BIGINT NOT NULL DEFAULT 0,
            late BIGINT NOT NULL DEFAULT 0,
            updated_at BIGINT NOT NULL, attempt INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (run, writer)) WITHOUT ROWID;
INSERT INTO "writer" VALUES('01a22cd4-62d3-742a-a523-0bcd70fc9451','13d291fd79ae11d0d04b0dbcda2179af',6,1,0,0,1796048446346408,0);
INSERT INTO "writer" VALUES('01a22cd4-6990-73c7-b386-646485bad2e7','0b820be4fb18bfb97d0475a7c2bf7ac2',1,0,0,0,1796048448661201,1);
INSERT INTO "writer" VALUES('01a22cd4-6991-76ff-b0d8-0c26c96d8644','0dd93924f85e5df1b89075e14ee0aff7',1,0,0,0,1796048448622391,1);
INSERT INTO "writer" VALUES('01a22cd4-6c9f-750f-93f7-f3c0d2731734','844cbeed5fccd755d61fa5b7af07825e',1,0,0,0,1796048449163974,1);
INSERT INTO "writer" VALUES('01a22cd4-6fa5-758a-a02d-c4aee307064b','1fda443850b621cd3a26ee38b3e12a11',1,0,0,0,1796048451135916,2);
INSERT INTO "writer" VALUES('01a22cd4-6fa5-758a-a02d-c4aee307064b','5331505a325519fd58468b5f37331072',1,0,0,0,1796048449941867,1);
INSERT INTO "writer" VALUES('01a22cd4-77cf-7201-b504-f76913c82f41','a0a50955bb8812a8a28acd5749744bcd',1,1,0,0,1796048451764475,1);
INSERT INTO "writer" VALUES('01a22cd4-7cac-7d03-9cd7-64b9a60d1d09','2e6a415a83da9f30c4d814351420bb39',1,1,0,0,1796048452915741,1);
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
CREATE INDEX token_parent ON token (parent) WHERE parent <> '';
CREATE INDEX metric_version ON metric (run, version);
CREATE INDEX run_top ON run (project, id) WHERE parent IS NULL;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('activity',78);
INSERT INTO "sqlite_sequence" VALUES('component',1);
COMMIT;
