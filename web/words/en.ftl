# Words of the page, English. The same keys stand in zh.ftl; a test holds both complete.
# Commands, flags, error strings and log lines are never translated.

title = Slotscope: see a Redis Cluster think
screens = Screens
learn = Learn
lab = Lab
language = Language
share = Copy link
keys = Keys
close = Close
cancel = Cancel
theme-to-dark = Dark
theme-to-light = Light
and = ;{" "}
yes = yes
no = no
time = Time
seed = seed
epoch = epoch

## Notices
notice-link-old = This link was made by another version of the page, and this one cannot read it. A fresh run is on the stage instead.
notice-link-damaged = This link is damaged, and nothing of it can be read. A fresh run is on the stage instead.
notice-link-partial = { $n ->
    [0] This link is damaged. Its starting point could be read; what was done after that is missing.
    [one] This link is damaged. Its starting point and the first action could be read; the rest is missing.
   *[other] This link is damaged. Its starting point and the first { $n } actions could be read; the rest is missing.
  }
notice-quiet = Quiet: nothing happens within the next minute but heartbeats. Break something.
notice-copied = The link is in the clipboard. It holds the whole run: seed, actions and this moment.
notice-lesson-missing = The lesson could not be loaded ({ $error }). The stage works without it.
notice-core = The world did not start: { $error }

## Stage
stage = Stage
stage-nodes = Nodes of the cluster
inner-circle = inner circle: votes
majority = majority { $n } of { $of }
ruler = Hash slots 0 to 16383 and their owners
uncovered = uncovered
segment-title = Slots { $from } to { $to }: { $port }, shard { $shard }, config epoch { $epoch }
segment-rival = { $port } still claims these slots, with config epoch { $epoch }
eyes-god = eyes: god view
eyes-of = as { $port } sees it
eyes-title = Whose eyes? (E)
banner-uncovered = { $n } slots have no owner
banner-all = cluster_state:fail on every node: no client is served
banner-some = cluster_state:fail on { $n } of { $of } living nodes
violation = An invariant is broken, which is a bug of Slotscope: { $what }

## Nodes
node-master = { $port } master of shard { $shard }
node-replica = { $port } replica of { $master }, shard { $shard }
node-replica-lost = { $port } replica of an unknown master
node-empty = { $port } master without slots: no vote
node-epoch = current epoch { $epoch }
node-link-up = link up, offset { $offset }, { $gap } bytes behind
node-link-syncing = link syncing
node-link-down = link down for { $seconds } s
caption-stopped = stopped
caption-frozen = frozen
caption-lid = refuses clients
caption-empty = no slots – no vote
caption-pfail = PFAIL: { $n } of { $of }, needs { $needed }
caption-fail = { $n ->
    [one] FAIL, known to 1 node
   *[other] FAIL, known to { $n } nodes
  }
lid = cluster_state:fail, refuses clients
fail = FAIL
wait-rest = = { $total } ms, { $left } left
ballot = e{ $epoch }: { $votes } of { $of } votes, needs { $needed }

## Applications
clients = Applications
ledger-sent = sent
ledger-acked = acknowledged
ledger-errors = { $n ->
    [one] error
   *[other] errors
  }
ledger-lost = lost
ledger-moved = MOVED
mini-map = The slot map this application holds
outage-is = failing for { $seconds } s
outage-was = outage { $seconds } s

## Tools
tools = Tools
choose-node = choose a node
kill = Kill
restart = Restart
freeze = Freeze
thaw = Thaw
wall = Wall
link = Cut link
heal = Heal
undo = Undo
redo = Redo
wall-help = Click the nodes that shall stand beyond the wall.
wall-apply = Build the wall
link-help = Click the other end of the link from { $port }.
same-as = the same by hand:

## Transport
timeline = Timeline
to-start = To the start
step-back = Step back
play = Play
pause = Pause
step = Step
next-interesting = Next interesting moment
speed = Speed
speed-auto = auto
tempo-decisive = messages that decide are in the air: { $speed }×
tempo-election = a replica waits for its moment: { $speed }×
tempo-agreement = PFAIL here, but no agreement yet: { $speed }×
tempo-timeout = waiting { $seconds } s for node-timeout: { $speed }×
strip = Space-time strip: a lane for each node, lines for messages that changed something

## Inspector
inspector = Inspector
tab-lesson = Lesson
tab-why = Why
tab-node = Node
tab-matrix = Matrix
tab-log = Log
tab-console = Console
why = Why
why-now = Why, just now
why-none = Choose a moment on the timeline, a line of the log, or press “next interesting moment”: the card opens at the decision.
why-gone = This decision belongs to a future that no longer happens.
why-no-answer = This node is down: it decides nothing.
why-recent = The last decisions
why-decision = decision
why-log = log
why-spec = spec
why-cause = brought here by
why-change = what would change it
guard-place = guard { $n } of { $of }
guard-not-reached = not reached
brought-by = { $kind } from { $port }
ask-not-pfail = Why does { $by } not suspect { $port }?
ask-not-fail = Why is { $port } still PFAIL for { $by }?
ask-not-elected = Why does { $port } not ask for votes?
ask-serving = Does { $port } serve clients, and why?
node-none = Choose a node: here is what it believes, as CLUSTER NODES tells it.
node-stopped = Its process is stopped. It believes nothing; its disk keeps nodes.conf.
fact-link-up = up
fact-offset = offset
fact-keys = keys
fact-link = link to master
pong-age = heard { $seconds } s ago
matrix-caption = What each node (row) holds of each other (column)
matrix-ok = nothing held against it
matrix-handshake = handshake
matrix-unknown = not known, or the observer is down
log-filter = Whose log
log-all = all
log-empty = No line so far.
console-empty = Type a command and press Enter: SET greeting hello. It goes to the selected node, as from redis-cli.
console-placeholder = CLUSTER NODES
console-pieces = Pieces of a command
console-earlier = Earlier line
console-follow = Follow redirections, as redis-cli -c does
console-quotes = A quote is not closed: nothing was sent.
console-manager = The cluster manager (redis-cli --cluster) is not in this console. It works with real processes: slotscope create-cluster start.
console-no-port = No node of this cluster listens on that port.
gloss-moved = Another node owns the slot of this key. Ask that node; redis-cli -c does it by itself.
gloss-ask = The slot is on its way to another node, and this key is not here any more. Say ASKING there, then the command once.
gloss-tryagain = The slot is on its way, and the keys of this command are on both sides. Try again when the move is over.
gloss-crossslot = The keys of one command have to share a slot. A common tag does it: {"{"}user1{"}"}.a and {"{"}user1{"}"}.b.
gloss-clusterdown = This node thinks that the cluster is down: a slot has no owner that lives, or most masters are out of reach.
gloss-readonly = This node is a replica: only its master takes writes.
gloss-wrongtype = The key holds another kind of value. TYPE tells which.
gloss-unknown = Slotscope does not have this command (yet). A real server may.

## Lesson
lesson-loading = The lesson is on its way …
lesson-place = step { $n } of { $of }
lesson-minutes = { $n } min
see-not-yet = It has not happened yet.
lesson-steps = Steps of the lesson
previous = Back
next = Next
note = Note.
note-mistake = A common mistake.
note-expert = For experts.
leaves-out = What this model leaves out
predict = Predict first
predict-commit = That is my guess
guess-right = Right.
guess-wrong = Not so.
check-met = met
check-optional = optional
check-seen = seen: { $seen } · wanted: { $wanted }
check-nearest = nearest event at { $seconds } s
checks-other = All checks of this lesson
hint = A hint

## Start
story-kill = Kill 7002
story-calm = Six nodes. One application writing. Break something.
story-killed = 7002 is gone. Nobody knows yet; a third of the writes fail.
story-pfail = Silent for longer than node-timeout: a first master suspects 7002 (PFAIL). One opinion is not enough.
story-fail = A majority agrees: FAIL. Everybody is told.
story-waits = Its replica 7005 starts the election, but waits half a second and a random moment first.
story-asked = 7005 asks the masters for votes. Two of three are enough; the dead one counts too.
story-elected = 7005 won and owns the slots now. { $errors } in { $seconds } s, { $lost }.
story-errors = { $n ->
    [one] 1 error
   *[other] { $n } errors
  }
story-lost = { $n ->
    [0] no acknowledged write lost
    [one] 1 acknowledged write lost
   *[other] { $n } acknowledged writes lost
  }
story-by-itself = (Nobody pressed the button, so it pressed itself.)
door-learn = Learn
door-learn-text = Lesson 9: how a replica becomes master, step by step
door-lab = Lab
door-lab-text = This stage, with every tool: kill, freeze, wall, rewind

## Overlays
run-title = About this run
run-text = The same seed and the same actions give the same run, bit for bit. The digest names this exact state.
run-digest = digest
run-records = records
run-actions = actions
run-nodes = nodes
run-latency = one-way latency
run-again = Start again
key-play = play, pause
key-step = step, step back
key-next = next, previous interesting moment
key-speed = slower, faster
key-ends = to the start, to the latest moment
key-nodes = along the nodes
key-nth = nth node
key-inspect = open the node
key-why = why; again: why not
key-eyes = next observer's eyes; god view
key-matrix = matrix
key-console = console
key-deeds = kill, restart, freeze the node
key-walls = wall, cut link
key-undo = take back the last action
key-fold = fold lesson, inspector, timeline
key-share = copy link
key-escape = close, let go

## What happened
announce = { $seconds } seconds. { $what }
happened-started = { $port } started
happened-ended = { $port } ended
did-kill = kill -9 { $port }
did-restart = { $port } restarted
did-freeze = { $port } frozen (SIGSTOP)
did-thaw = { $port } goes on (SIGCONT)
did-cut = cut: { $from } → { $to }
did-join = joined: { $from } → { $to }
did-wall = wall: { $sides }
did-heal = wall and cuts are gone
did-latency = latency { $from } ↔ { $to }: { $ms } ms
did-disk-full = disk of { $port } is full
did-disk-room = disk of { $port } has room again
did-clock = clock of { $port } stepped by { $ms } ms
did-move = slot { $slot } moves to { $port }
did-fix = the cluster is mended (fix)
did-leave = { $port } leaves the cluster and joins again as a new node
did-command = { $port }> { $command }
client-error = write { $write } failed: { $text }
client-lost = write { $write }, acknowledged at { $seconds } s, is gone
client-sent = write { $write } to { $port }
client-acked = write { $write } acknowledged
client-moved = write { $write } follows MOVED to { $port }
client-map = the application fetched the slot map

## Decisions: who decided, about whom
reason-claim-stale = { $who } keeps its slot map: { $subject } claims slot { $slot }, but { $other } has the newer claim
reason-claim-update-heard = { $who } learns from { $subject } who owns the slots now: { $other }
reason-claim-update-sent = { $who } tells { $subject } (UPDATE) that { $other } owns the slots now
reason-claim-won = { $who } gives the slots to { $subject }
reason-election-delayed = { $who } plans an election
reason-election-rank-worse = { $who } waits longer: another replica has more data
reason-election-vote-counted = { $who } counts a vote from { $subject }
reason-election-votes-asked = { $who } asks for votes to replace { $other }
reason-election-waits-data-age = { $who } holds no election: its data is too old
reason-election-waits-delay = { $who } holds no election yet: its delay is running
reason-election-waits-expired = { $who } got no majority in time and will try again
reason-election-waits-is-master = { $who } holds no election: it is a master
reason-election-waits-manual = { $who } holds no election yet: it has not processed all that its master had
reason-election-waits-master-not-fail = { $who } holds no election: its master is not FAIL
reason-election-waits-no-failover = { $who } holds no election: it is told not to
reason-election-waits-no-master = { $who } holds no election: it has no master
reason-election-waits-nothing-to-save = { $who } holds no election: its master owns no slot
reason-election-waits-votes = { $who } asked and waits for votes
reason-election-won = { $who } won the election and replaces { $other }
reason-epoch-adopted = { $who } adopts the higher epoch of { $subject }
reason-epoch-bumped = { $who } takes the next config epoch without asking anybody
reason-epoch-collision-moved-on = { $who } and { $subject } had the same config epoch; { $who } moves on
reason-epoch-collision-stayed = { $who } and { $subject } have the same config epoch; { $subject } has to move on
reason-epoch-still = { $who } keeps its config epoch: it is the highest already
reason-failure-failed = { $who } marks { $subject } as FAIL: a majority agrees
reason-failure-forgiven-nobody-served = { $who } forgives { $subject }: nobody took its slots
reason-failure-forgiven-replica = { $who } forgives { $subject }: it is a replica
reason-failure-forgiven-slotless = { $who } forgives { $subject }: it owns no slot
reason-failure-heard = { $who } is told by { $other }: { $subject } is FAIL
reason-failure-not-failed-no-quorum = { $subject } is not FAIL for { $who }: no majority yet
reason-failure-not-failed-not-pfail-here = { $subject } is not FAIL for { $who }: it does not suspect it itself
reason-failure-not-forgiven = { $who } still holds { $subject } for FAIL
reason-failure-not-suspected = { $who } does not suspect { $subject }: it was not silent for long enough
reason-failure-report-withdrawn = { $other } takes back its report about { $subject }, hears { $who }
reason-failure-reported = { $other } reports { $subject } as failing, hears { $who }
reason-failure-suspected = { $who } suspects { $subject } (PFAIL)
reason-failure-trusted = { $who } trusts { $subject } again
reason-follow-grandmaster = { $who } follows its master's master, { $subject }
reason-follow-slots-lost = { $who } lost its last slot and becomes a replica of { $subject }
reason-manual-asked-default = { $who } is told to replace { $subject } (CLUSTER FAILOVER)
reason-manual-asked-force = { $who } is told to replace { $subject } without its help (CLUSTER FAILOVER FORCE)
reason-manual-asked-takeover = { $who } is told to replace { $subject } without votes (CLUSTER FAILOVER TAKEOVER)
reason-manual-caught-up = { $who } has processed everything that { $subject } had
reason-manual-offset-heard = { $who } hears at which offset { $subject } stands still
reason-manual-requested = { $who } stands still: its replica { $subject } shall replace it
reason-manual-timed-out = { $who } gives the manual failover up: time is over
reason-meet-banned = { $who } does not learn of { $subject }: it was told to forget it
reason-meet-done = { $who } knows { $subject } now
reason-meet-expired = { $who } gives up a handshake
reason-meet-gossiped = { $who } hears of { $subject } from { $other }
reason-meet-introduced = { $who } is introduced to { $subject }
reason-migration-moves = { $who } moves to { $subject }, which has no working replica
reason-migration-waits-barrier = { $who } does not move to { $subject }: its own master would keep too few replicas
reason-migration-waits-delay = { $who } does not move to { $subject } yet: it has not been alone for long enough
reason-migration-waits-not-serving = { $who } does not move to { $subject }: the cluster is down
reason-migration-waits-not-smallest = { $who } does not move to { $subject }: another replica is to move
reason-role-master = { $subject } is a master now, hears { $who }
reason-role-replica = { $subject } is a replica of { $other } now, hears { $who }
reason-route-ask = { $who } sends a client to { $subject } for this command only: slot { $slot } is on the move
reason-route-cross-slot = { $who } refuses keys of different slots
reason-route-down-state = { $who } refuses a client: the cluster is down for it
reason-route-down-unassigned = { $who } refuses a client: slot { $slot } has no owner
reason-route-moved = { $who } sends a client on to { $subject } for slot { $slot }
reason-route-try-again = { $who } puts a client off: the keys of slot { $slot } are in two places
reason-serving-fail = { $who } stops serving clients
reason-serving-ok = { $who } serves clients
reason-serving-waits = { $who } waits a moment before it serves again
reason-sync-full-asked = { $who } sends a replica everything: it asked for it
reason-sync-full-other-history = { $who } sends a replica everything: its history is another one
reason-sync-full-outside-backlog = { $who } sends a replica everything: the backlog does not reach back far enough
reason-sync-partial = { $who } sends a replica what it missed
reason-vote-granted = { $who } votes for { $subject }
reason-vote-refused-already-voted = { $who } refuses { $subject } its vote: the vote of this epoch is given
reason-vote-refused-epoch-behind = { $who } refuses { $subject } its vote: the request is old
reason-vote-refused-master-unknown = { $who } refuses { $subject } its vote: its master is not known
reason-vote-refused-master-up = { $who } refuses { $subject } its vote: its master is up
reason-vote-refused-not-replica = { $who } refuses { $subject } its vote: it is a master
reason-vote-refused-not-voter = { $who } stays silent: it has no vote
reason-vote-refused-stale-claim = { $who } refuses { $subject } its vote: slot { $slot } has a newer owner
reason-vote-refused-too-soon = { $who } refuses { $subject } its vote: it voted about this master lately

## Decisions in a word
decision-adopt-epoch = adopt the epoch
decision-adopt-slots = adopt the slot map
decision-ask = ASK
decision-ask-votes = ask for votes
decision-begin = begin the failover
decision-catch-up = catch up
decision-count-vote = count the vote
decision-drop-report = drop the report
decision-fail = FAIL
decision-follow = follow
decision-forget = forget
decision-forgive = clear FAIL
decision-give-slots = hand the slots over
decision-give-up = give up
decision-keep-epoch = keep the epoch
decision-keep-slots = keep the slot map
decision-know = known now
decision-learn = begin a handshake
decision-no-vote = no vote
decision-not-fail = not FAIL
decision-not-forgive = keep FAIL
decision-not-learn = do not learn
decision-not-move = stay
decision-not-pfail = not PFAIL
decision-not-serve = serve nobody
decision-note-report = note the report
decision-note-role = note the role
decision-pause = hold writes back
decision-pfail = PFAIL
decision-plan = plan an election
decision-promote = become master
decision-redirect = MOVED
decision-refuse = refuse the command
decision-send-all = full resync
decision-send-rest = partial resync
decision-send-update = send UPDATE
decision-serve = serve clients
decision-take-epoch = take a new epoch
decision-trust = clear PFAIL
decision-vote = vote
decision-wait = wait

## Guards
guard-claim-newer = the claim is newer than the owner's
guard-claim-not-older = the claim is not older than the owner's
guard-claim-unassigned = the slots had no owner
guard-election-asked = it asked for votes
guard-election-attempt-open = the last attempt is over
guard-election-data-fresh = its data is fresh enough
guard-election-delay-over = its delay is over
guard-election-is-replica = it is a replica
guard-election-master-failed = its master is FAIL
guard-election-master-known = its master is known
guard-election-master-owns-slots = its master owns slots
guard-election-may-failover = it may fail over
guard-election-votes = votes ≥ majority
guard-epoch-higher = the epoch heard is higher than mine
guard-epoch-not-highest-yet = my config epoch is not the highest yet
guard-epoch-same = both have the same config epoch
guard-epoch-smaller-id = my node ID is the smaller one
guard-failure-is-replica = it is a replica
guard-failure-long-enough = FAIL for long enough, and nobody took over
guard-failure-owns-no-slot = it owns no slot
guard-failure-pfail-here = I hold it for PFAIL myself
guard-failure-ping-waiting = a ping waits for its pong
guard-failure-quorum = masters that report it, me included, ≥ majority
guard-failure-silence = silent for longer than node-timeout
guard-follow-lost-last-slot = I lost my last slot to it
guard-follow-master-is-replica = my master is its replica now
guard-manual-in-step = my offset = the offset at which the master stands still
guard-meet-ban-over = the minute of forgetting is over
guard-migration-barrier = working replicas of my master > barrier
guard-migration-orphaned = it has been without a replica for long enough
guard-migration-serving = cluster_state is ok
guard-migration-smallest = I am the replica with the smallest node ID
guard-route-keys-here = the keys are here
guard-route-keys-together = all keys are in one place
guard-route-same-slot = all keys share a slot
guard-route-slot-assigned = the slot has an owner
guard-route-slot-is-mine = the slot is mine
guard-route-state-ok = cluster_state is ok
guard-serving-covered = slots without owner
guard-serving-delay-over = the delay before serving again is over
guard-serving-majority = masters I can reach ≥ majority
guard-serving-owners-up = slots whose owner is FAIL
guard-sync-asked-to-go-on = it asked to go on from an offset
guard-sync-in-backlog = the offset is in the backlog
guard-sync-same-history = its history is mine
guard-vote-asker-is-replica = the asker is a replica
guard-vote-claims-current = its slots' epochs ≤ request epoch
guard-vote-epoch-current = request epoch ≥ my current epoch
guard-vote-forced = its master is up, but the request insists
guard-vote-is-voter = I am a master with slots
guard-vote-master-failed = its master is FAIL
guard-vote-master-known = I know its master
guard-vote-master-not-voted-lately = not voted about its master for 2 × node-timeout
guard-vote-not-voted-in-epoch = my last vote epoch ≠ this epoch

## Facts
fact-added = added
fact-age = age
fact-backlog = backlog
fact-bytes = bytes
fact-delay = delay
fact-epoch = epoch
fact-fixed = fixed part
fact-forced = insists
fact-from = from offset
fact-full-coverage = full coverage required
fact-needed = majority
fact-own-opinion = own opinion
fact-owner-failed = slots of a FAIL owner
fact-pfail-here = PFAIL here
fact-ping-age = age of the ping
fact-random = random part
fact-rank = rank
fact-reports = reports of others
fact-request-epoch = request epoch
fact-silent = nothing heard for
fact-slots = slots
fact-uncovered = slots without owner
fact-voters = masters with slots

## What would change it
change-vote-refused-master-up = if this voter had held { $other } for FAIL before the request came
change-vote-refused-already-voted = if this request had come before the other one, or in a later epoch
change-vote-refused-epoch-behind = if { $subject } had heard of the newer epoch before it asked
change-vote-refused-too-soon = if the request came after 2 × node-timeout
change-vote-refused-stale-claim = if { $subject } had heard who owns these slots now
change-failure-not-failed-no-quorum = one more report of a master with slots
change-failure-not-failed-not-pfail-here = if { $subject } were silent towards this node too
change-failure-not-suspected = if nothing were heard of { $subject } for the rest of node-timeout
change-election-waits-master-not-fail = a majority of masters that hold its master for failing
change-election-waits-delay = time: the delay has to pass
change-election-waits-votes = one more vote
change-election-waits-data-age = a larger cluster-replica-validity-factor
change-serving-fail = an owner for every slot, and a majority of masters within reach
