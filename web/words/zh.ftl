# 页面文字,简体中文。键与 en.ftl 一致,由测试保证。
# 命令、标志、错误文本与日志行一律不翻译。

title = Slotscope：看懂 Redis 集群的每个判断
screens = 页面
learn = 课程
lab = 实验台
language = 语言
share = 复制链接
keys = 按键
close = 关闭
cancel = 取消
theme-to-dark = 深色
theme-to-light = 浅色
and = ；
yes = 是
no = 否
time = 时间
seed = 种子
epoch = 纪元

## Notices
notice-link-old = 这个链接由其他版本的页面生成，本页无法读取。台上是一次全新的运行。
notice-link-damaged = 链接已损坏，完全无法读取。台上是一次全新的运行。
notice-link-partial = { $n ->
    [0] 链接已损坏：起点可以读出，之后的操作缺失。
   *[other] 链接已损坏：起点和前 { $n } 个操作可以读出，其余缺失。
  }
notice-quiet = 一片平静：接下来一分钟内只有心跳。弄坏点什么吧。
notice-copied = 链接已复制。它包含整个运行：种子、操作和此刻。
notice-lesson-missing = 课程未能载入（{ $error }）。实验台仍可使用。
notice-core = 世界未能启动：{ $error }

## Stage
stage = 舞台
stage-nodes = 集群的节点
inner-circle = 内圈：有投票权
majority = 多数派 { $n } / { $of }
ruler = 哈希槽 0 到 16383 及其所有者
uncovered = 未覆盖
segment-title = 槽 { $from } 到 { $to }：{ $port }，分片 { $shard }，配置纪元 { $epoch }
segment-rival = { $port } 仍声称拥有这些槽，配置纪元 { $epoch }
eyes-god = 视角：上帝
eyes-of = { $port } 的视角
eyes-title = 谁的视角？（E）
banner-uncovered = { $n } 个槽没有所有者
banner-all = 所有节点 cluster_state:fail，不再服务客户端
banner-some = { $of } 个存活节点中有 { $n } 个 cluster_state:fail
violation = 不变式被破坏，这是 Slotscope 的错误：{ $what }

## Nodes
node-master = { $port } 主节点，分片 { $shard }
node-replica = { $port } 是 { $master } 的副本，分片 { $shard }
node-replica-lost = { $port } 副本，主节点未知
node-empty = { $port } 主节点，没有槽，没有投票权
node-epoch = 当前纪元 { $epoch }
node-link-up = 复制链路正常，偏移量 { $offset }，落后 { $gap } 字节
node-link-syncing = 正在同步
node-link-down = 复制链路断开 { $seconds } 秒
caption-stopped = 已停止
caption-frozen = 已冻结
caption-lid = 拒绝客户端
caption-empty = 无槽 – 无票
caption-pfail = 疑似下线 PFAIL：{ $n }/{ $of }，需 { $needed }
caption-fail = 已下线 FAIL，{ $n } 个节点知道
lid = cluster_state:fail，拒绝客户端
fail = 已下线 FAIL
wait-rest = = { $total } 毫秒，还剩 { $left }
ballot = e{ $epoch }：{ $votes }/{ $of } 票，需 { $needed }

## Applications
clients = 应用
ledger-sent = 已发送
ledger-acked = 已确认
ledger-errors = { $n ->
   *[other] 错误
  }
ledger-lost = 丢失
ledger-moved = MOVED
mini-map = 该应用持有的槽位映射表
outage-is = 已中断 { $seconds } 秒
outage-was = 中断 { $seconds } 秒

## Tools
tools = 工具
choose-node = 请选择节点
kill = 杀掉进程
restart = 重启
freeze = 冻结
thaw = 解冻
wall = 隔墙
link = 剪断链路
heal = 全部恢复
undo = 撤销
redo = 重做
wall-help = 点选要隔到墙另一侧的节点。
wall-apply = 砌墙
link-help = 点选 { $port } 链路的另一端。
same-as = 等同于手工执行：

## Transport
timeline = 时间线
to-start = 回到起点
step-back = 后退一步
play = 播放
pause = 暂停
step = 前进一步
next-interesting = 下一个关键时刻
speed = 速度
speed-auto = 自动
tempo-decisive = 关键消息正在路上：{ $speed }×
tempo-election = 副本在等待时机：{ $speed }×
tempo-agreement = 疑似下线 PFAIL，尚未达成一致：{ $speed }×
tempo-timeout = 等待节点超时 { $seconds } 秒：{ $speed }×
strip = 时空图：每个节点一行，斜线是带来变化的消息

## Inspector
inspector = 检查器
tab-lesson = 课程
tab-why = 为什么
tab-node = 节点
tab-matrix = 矩阵
tab-log = 日志
why = 为什么
why-now = 此刻为什么
why-none = 在时间线上选一个时刻、点一行日志，或按「下一个关键时刻」：卡片会停在那个判断上。
why-gone = 这个判断属于一个不会再发生的未来。
why-no-answer = 该节点已停止，不做任何判断。
why-recent = 最近的判断
why-decision = 判断
why-log = 日志
why-spec = 规范
why-cause = 起因
why-change = 怎样会不同
guard-place = 第 { $n } 条判定 / 共 { $of } 条
guard-not-reached = 未到此条
brought-by = 来自 { $port } 的 { $kind }
ask-not-pfail = 为什么 { $by } 不怀疑 { $port }？
ask-not-fail = 为什么在 { $by } 看来 { $port } 仍是 PFAIL？
ask-not-elected = 为什么 { $port } 不发起选举？
ask-serving = { $port } 是否服务客户端，为什么？
node-none = 请选择节点：这里显示它的看法，与 CLUSTER NODES 一致。
node-stopped = 进程已停止。它没有任何看法；磁盘上保留着 nodes.conf。
fact-link-up = 正常
fact-offset = 偏移量
fact-keys = 键
fact-link = 与主节点的链路
pong-age = { $seconds } 秒前听到
matrix-caption = 每个节点（行）对其他节点（列）的看法
matrix-ok = 无异议
matrix-handshake = 握手中
matrix-unknown = 不认识，或观察者已停止
log-filter = 谁的日志
log-all = 全部
log-empty = 尚无日志。

## Lesson
lesson-loading = 课程载入中……
lesson-place = 第 { $n } 步 / 共 { $of } 步
lesson-minutes = { $n } 分钟
see-not-yet = 尚未发生。
lesson-steps = 课程步骤
previous = 上一步
next = 下一步
note = 注意。
note-mistake = 常见误解。
note-expert = 给熟手。
leaves-out = 这个模型省略了什么
predict = 先猜一猜
predict-commit = 就猜这个
guess-right = 对。
guess-wrong = 不对。
check-met = 已达成
check-optional = 可选
check-seen = 看到：{ $seen } · 需要：{ $wanted }
check-nearest = 最接近的事件在 { $seconds } 秒
checks-other = 本课全部检查
hint = 提示

## Start
story-kill = 杀掉 7002
story-calm = 六个节点，一个应用正在写入。弄坏点什么吧。
story-killed = 7002 没了，还没人知道；三分之一的写入失败。
story-pfail = 沉默超过节点超时：有主节点开始怀疑 7002（疑似下线 PFAIL）。一个人的看法还不够。
story-fail = 多数派达成一致：已下线 FAIL，并通知所有节点。
story-waits = 它的副本 7005 准备选举，但要先等半秒再加一段随机时间。
story-asked = 7005 向主节点请求投票。三票中两票即可；死掉的也算在总数里。
story-elected = 7005 当选，这些槽归它了。{ $seconds } 秒内 { $errors }，{ $lost }。
story-errors = { $n ->
   *[other] { $n } 次错误
  }
story-lost = { $n ->
    [0] 没有丢失已确认的写入
   *[other] 丢失 { $n } 次已确认的写入
  }
story-by-itself = （没有人按按钮，它自己按下了。）
door-learn = 课程
door-learn-text = 第 9 课：副本怎样一步步成为主节点
door-lab = 实验台
door-lab-text = 同一个舞台，工具齐全：杀进程、冻结、隔墙、回退

## Overlays
run-title = 关于这次运行
run-text = 相同的种子和相同的操作给出逐位相同的运行。摘要标识的正是这个状态。
run-digest = 摘要
run-records = 记录
run-actions = 操作
run-nodes = 节点
run-latency = 单程延迟
run-again = 重新开始
key-play = 播放、暂停
key-step = 前进、后退一步
key-next = 下一个、上一个关键时刻
key-speed = 更慢、更快
key-ends = 到起点、到最新时刻
key-nodes = 逐个节点移动
key-nth = 第 n 个节点
key-inspect = 打开该节点
key-why = 为什么；再按：为什么没有
key-eyes = 换一个节点的视角；上帝视角
key-matrix = 矩阵
key-deeds = 杀掉、重启、冻结该节点
key-walls = 隔墙、剪断链路
key-undo = 撤销上一个操作
key-fold = 折叠课程、检查器、时间线
key-share = 复制链接
key-escape = 关闭、取消选择

## What happened
announce = { $seconds } 秒。{ $what }
happened-started = { $port } 启动
happened-ended = { $port } 退出
did-kill = kill -9 { $port }
did-restart = { $port } 重启
did-freeze = { $port } 冻结（SIGSTOP）
did-thaw = { $port } 解冻（SIGCONT）
did-cut = 剪断：{ $from } → { $to }
did-join = 接通：{ $from } → { $to }
did-wall = 隔墙：{ $sides }
did-heal = 隔墙与断链全部恢复
did-latency = 延迟 { $from } ↔ { $to }：{ $ms } 毫秒
did-disk-full = { $port } 的磁盘已满
did-disk-room = { $port } 的磁盘有空间了
did-clock = { $port } 的时钟跳变 { $ms } 毫秒
did-command = { $port }> { $command }
client-error = 写入 { $write } 失败：{ $text }
client-lost = 写入 { $write } 已在 { $seconds } 秒确认，却丢失了
client-sent = 写入 { $write } 发往 { $port }
client-acked = 写入 { $write } 已确认
client-moved = 写入 { $write } 按 MOVED 转到 { $port }
client-map = 应用重新获取了槽位映射表

## Decisions: who decided, about whom
reason-claim-stale = { $who } 保留自己的槽位映射：{ $subject } 声称拥有槽 { $slot }，但 { $other } 的配置纪元更新
reason-claim-update-heard = { $who } 从 { $subject } 得知槽现在归 { $other }
reason-claim-update-sent = { $who } 用 UPDATE 告诉 { $subject }：槽现在归 { $other }
reason-claim-won = { $who } 把槽记到 { $subject } 名下
reason-election-delayed = { $who } 安排了一次选举
reason-election-rank-worse = { $who } 要多等：另一个副本的数据更新
reason-election-vote-counted = { $who } 收到 { $subject } 的一票
reason-election-votes-asked = { $who } 请求投票，要接替 { $other }
reason-election-waits-data-age = { $who } 不发起选举：数据太旧
reason-election-waits-delay = { $who } 还不发起选举：延迟未到
reason-election-waits-expired = { $who } 未及时得到多数票，稍后再试
reason-election-waits-is-master = { $who } 不发起选举：它是主节点
reason-election-waits-manual = { $who } 还不发起选举：尚未处理完主节点的全部数据流
reason-election-waits-master-not-fail = { $who } 不发起选举：它的主节点不是 FAIL
reason-election-waits-no-failover = { $who } 不发起选举：配置禁止
reason-election-waits-no-master = { $who } 不发起选举：它没有主节点
reason-election-waits-nothing-to-save = { $who } 不发起选举：它的主节点没有槽
reason-election-waits-votes = { $who } 已请求投票，正在等票
reason-election-won = { $who } 当选，接替 { $other }
reason-epoch-adopted = { $who } 采纳 { $subject } 更高的纪元
reason-epoch-bumped = { $who } 不经投票取下一个配置纪元
reason-epoch-collision-moved-on = { $who } 与 { $subject } 的配置纪元相同；{ $who } 让出，取新纪元
reason-epoch-collision-stayed = { $who } 与 { $subject } 的配置纪元相同；应由 { $subject } 让出
reason-epoch-still = { $who } 保留配置纪元：它已是最高
reason-failure-failed = { $who } 将 { $subject } 标为已下线 FAIL：多数派一致
reason-failure-forgiven-nobody-served = { $who } 撤销 { $subject } 的 FAIL：没人接管它的槽
reason-failure-forgiven-replica = { $who } 撤销 { $subject } 的 FAIL：它是副本
reason-failure-forgiven-slotless = { $who } 撤销 { $subject } 的 FAIL：它没有槽
reason-failure-heard = { $other } 告诉 { $who }：{ $subject } 已下线 FAIL
reason-failure-not-failed-no-quorum = 在 { $who } 看来 { $subject } 还不是 FAIL：没有多数
reason-failure-not-failed-not-pfail-here = 在 { $who } 看来 { $subject } 还不是 FAIL：它自己并不怀疑
reason-failure-not-forgiven = { $who } 仍认定 { $subject } 为 FAIL
reason-failure-not-suspected = { $who } 不怀疑 { $subject }：沉默得还不够久
reason-failure-report-withdrawn = { $who } 得知 { $other } 撤回了对 { $subject } 的下线报告
reason-failure-reported = { $who } 得知 { $other } 报告 { $subject } 下线
reason-failure-suspected = { $who } 怀疑 { $subject }（疑似下线 PFAIL）
reason-failure-trusted = { $who } 重新信任 { $subject }
reason-follow-grandmaster = { $who } 改跟主节点的主节点 { $subject }
reason-follow-slots-lost = { $who } 失去最后一个槽，成为 { $subject } 的副本
reason-manual-asked-default = { $who } 被要求接替 { $subject }（CLUSTER FAILOVER）
reason-manual-asked-force = { $who } 被要求在 { $subject } 不配合的情况下接替它（CLUSTER FAILOVER FORCE）
reason-manual-asked-takeover = { $who } 被要求不经投票接替 { $subject }（CLUSTER FAILOVER TAKEOVER）
reason-manual-caught-up = { $who } 已处理完 { $subject } 的全部数据流
reason-manual-offset-heard = { $who } 得知 { $subject } 停在哪个偏移量
reason-manual-requested = { $who } 暂停写入：副本 { $subject } 要接替它
reason-manual-timed-out = { $who } 放弃手动故障转移：已超时
reason-meet-banned = { $who } 不认识 { $subject }：它被要求遗忘该节点
reason-meet-done = { $who } 认识了 { $subject }
reason-meet-expired = { $who } 放弃一次握手
reason-meet-gossiped = { $who } 从 { $other } 那里听说 { $subject }
reason-meet-introduced = { $who } 被介绍给 { $subject }
reason-migration-moves = { $who } 迁到没有可用副本的 { $subject }
reason-migration-waits-barrier = { $who } 不迁到 { $subject }：自己的主节点会剩下太少副本
reason-migration-waits-delay = { $who } 还不迁到 { $subject }：它失去副本还不够久
reason-migration-waits-not-serving = { $who } 不迁到 { $subject }：集群已下线
reason-migration-waits-not-smallest = { $who } 不迁到 { $subject }：该由另一个副本迁移
reason-role-master = { $who } 得知 { $subject } 成为主节点
reason-role-replica = { $who } 得知 { $subject } 成为 { $other } 的副本
reason-route-ask = { $who } 仅就这条命令把客户端转到 { $subject }：槽 { $slot } 正在迁移
reason-route-cross-slot = { $who } 拒绝：键不在同一槽
reason-route-down-state = { $who } 拒绝客户端：它认为集群已下线
reason-route-down-unassigned = { $who } 拒绝客户端：槽 { $slot } 没有所有者
reason-route-moved = { $who } 把客户端转到 { $subject }（槽 { $slot }）
reason-route-try-again = { $who } 让客户端稍后再试：槽 { $slot } 的键分在两处
reason-serving-fail = { $who } 停止服务客户端
reason-serving-ok = { $who } 服务客户端
reason-serving-waits = { $who } 稍等片刻再恢复服务
reason-sync-full-asked = { $who } 全量发送给副本：副本要求如此
reason-sync-full-other-history = { $who } 全量发送给副本：历史不同
reason-sync-full-outside-backlog = { $who } 全量发送给副本：积压缓冲区已不够
reason-sync-partial = { $who } 只补发副本缺少的部分
reason-vote-granted = { $who } 投票给 { $subject }
reason-vote-refused-already-voted = { $who } 拒绝给 { $subject } 投票：本纪元的一票已投出
reason-vote-refused-epoch-behind = { $who } 拒绝给 { $subject } 投票：请求的纪元太旧
reason-vote-refused-master-unknown = { $who } 拒绝给 { $subject } 投票：不认识它的主节点
reason-vote-refused-master-up = { $who } 拒绝给 { $subject } 投票：尚未认定其主节点已下线
reason-vote-refused-not-replica = { $who } 拒绝给 { $subject } 投票：它是主节点
reason-vote-refused-not-voter = { $who } 保持沉默：它没有投票权
reason-vote-refused-stale-claim = { $who } 拒绝给 { $subject } 投票：槽 { $slot } 有更新的所有者
reason-vote-refused-too-soon = { $who } 拒绝给 { $subject } 投票：不久前刚为这个主节点投过票

## Decisions in a word
decision-adopt-epoch = 采纳纪元
decision-adopt-slots = 采纳槽位映射
decision-ask = ASK
decision-ask-votes = 请求投票
decision-begin = 开始故障转移
decision-catch-up = 追赶
decision-count-vote = 计一票
decision-drop-report = 删除报告
decision-fail = 已下线 FAIL
decision-follow = 跟随
decision-forget = 遗忘
decision-forgive = 撤销 FAIL
decision-give-slots = 移交槽
decision-give-up = 放弃
decision-keep-epoch = 保留纪元
decision-keep-slots = 保留槽位映射
decision-know = 已认识
decision-learn = 开始握手
decision-no-vote = 不投票
decision-not-fail = 不是 FAIL
decision-not-forgive = 保留 FAIL
decision-not-learn = 不认识
decision-not-move = 留下
decision-not-pfail = 不是 PFAIL
decision-not-serve = 不提供服务
decision-note-report = 记下报告
decision-note-role = 记下角色
decision-pause = 暂停写入
decision-pfail = 疑似下线 PFAIL
decision-plan = 安排选举
decision-promote = 成为主节点
decision-redirect = MOVED 重定向
decision-refuse = 拒绝命令
decision-send-all = 全量重同步
decision-send-rest = 部分重同步
decision-send-update = 发送 UPDATE
decision-serve = 服务客户端
decision-take-epoch = 取新纪元
decision-trust = 撤销 PFAIL
decision-vote = 投票
decision-wait = 等待

## Guards
guard-claim-newer = 声称的纪元比所有者的新
guard-claim-not-older = 声称的纪元不比所有者的旧
guard-claim-unassigned = 这些槽原本没有所有者
guard-election-asked = 已请求投票
guard-election-attempt-open = 上一次尝试已结束
guard-election-data-fresh = 数据足够新
guard-election-delay-over = 延迟已过
guard-election-is-replica = 它是副本
guard-election-master-failed = 它的主节点是 FAIL
guard-election-master-known = 它的主节点已知
guard-election-master-owns-slots = 它的主节点拥有槽
guard-election-may-failover = 允许故障转移
guard-election-votes = 票数 ≥ 多数
guard-epoch-higher = 听到的纪元比我的高
guard-epoch-not-highest-yet = 我的配置纪元还不是最高
guard-epoch-same = 双方配置纪元相同
guard-epoch-smaller-id = 我的节点 ID 较小
guard-failure-is-replica = 它是副本
guard-failure-long-enough = FAIL 够久，且无人接管
guard-failure-owns-no-slot = 它没有槽
guard-failure-pfail-here = 我自己也认为它 PFAIL
guard-failure-ping-waiting = 有 PING 尚未得到 PONG
guard-failure-quorum = 报告它的主节点（含我）≥ 多数
guard-failure-silence = 沉默超过节点超时
guard-follow-lost-last-slot = 我的最后一个槽归了它
guard-follow-master-is-replica = 我的主节点已成为它的副本
guard-manual-in-step = 我的偏移量 = 主节点停住的偏移量
guard-meet-ban-over = 遗忘期（一分钟）已过
guard-migration-barrier = 我的主节点的可用副本 > 屏障
guard-migration-orphaned = 它失去副本已够久
guard-migration-serving = cluster_state 为 ok
guard-migration-smallest = 我是节点 ID 最小的副本
guard-route-keys-here = 键在这里
guard-route-keys-together = 所有键在同一处
guard-route-same-slot = 所有键同槽
guard-route-slot-assigned = 该槽有所有者
guard-route-slot-is-mine = 该槽归我
guard-route-state-ok = cluster_state 为 ok
guard-serving-covered = 没有所有者的槽
guard-serving-delay-over = 恢复服务前的延迟已过
guard-serving-majority = 我能联系的主节点 ≥ 多数
guard-serving-owners-up = 所有者为 FAIL 的槽
guard-sync-asked-to-go-on = 要求从某偏移量继续
guard-sync-in-backlog = 偏移量在积压缓冲区内
guard-sync-same-history = 历史与我相同
guard-vote-asker-is-replica = 请求者是副本
guard-vote-claims-current = 其槽的纪元 ≤ 请求纪元
guard-vote-epoch-current = 请求纪元 ≥ 我的当前纪元
guard-vote-forced = 主节点在线，但请求强制
guard-vote-is-voter = 我是有槽的主节点
guard-vote-master-failed = 它的主节点是 FAIL
guard-vote-master-known = 我认识它的主节点
guard-vote-master-not-voted-lately = 2 × 节点超时内没为它的主节点投过票
guard-vote-not-voted-in-epoch = 我上次投票的纪元 ≠ 本纪元

## Facts
fact-added = 增加
fact-age = 时长
fact-backlog = 积压缓冲区
fact-bytes = 字节
fact-delay = 延迟
fact-epoch = 纪元
fact-fixed = 固定部分
fact-forced = 强制
fact-from = 起始偏移量
fact-full-coverage = 要求全覆盖
fact-needed = 多数
fact-own-opinion = 自己的看法
fact-owner-failed = 所有者 FAIL 的槽
fact-pfail-here = 这里为 PFAIL
fact-ping-age = PING 已等
fact-random = 随机部分
fact-rank = 名次
fact-reports = 他人的报告
fact-request-epoch = 请求纪元
fact-silent = 未听到任何消息
fact-slots = 槽
fact-uncovered = 无所有者的槽
fact-voters = 有槽的主节点

## What would change it
change-vote-refused-master-up = 如果这位投票者在请求到达前已认定 { $other } 为 FAIL
change-vote-refused-already-voted = 如果这个请求先到，或属于更晚的纪元
change-vote-refused-epoch-behind = 如果 { $subject } 在请求前听说了新纪元
change-vote-refused-too-soon = 如果请求在 2 × 节点超时之后到达
change-vote-refused-stale-claim = 如果 { $subject } 已得知这些槽现在归谁
change-failure-not-failed-no-quorum = 再有一个有槽主节点的报告
change-failure-not-failed-not-pfail-here = 如果 { $subject } 对本节点也沉默
change-failure-not-suspected = 如果在剩余的节点超时内再也听不到 { $subject }
change-election-waits-master-not-fail = 有多数主节点认定它的主节点下线
change-election-waits-delay = 时间：延迟必须过去
change-election-waits-votes = 再多一票
change-election-waits-data-age = 更大的 cluster-replica-validity-factor
change-serving-fail = 每个槽都有所有者，且能联系到多数主节点
