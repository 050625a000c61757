"""Closed lists of Chinese words that a grammar of referring expressions rests on.

As in English, what is on no list counts as a noun. Relations bear the names that ParkRef gives
them in both languages.
"""

_set = frozenset

COLORS = _set(
    "红色 橙色 橘色 黄色 绿色 蓝色 紫色 粉色 粉红色 白色 黑色 棕色 褐色 灰色 金色 银色 米色 咖啡色"
    " 深色 浅色 彩色 红 橙 黄 绿 蓝 紫 粉 白 黑 棕 灰 深蓝色 浅蓝色 深绿色 浅绿色 深红色 天蓝色"
    " 红白 黑白".split()
)
PATTERNS = _set("条纹 圆点 波点 斑点 格子 花纹 碎花".split())
SIZES = _set(
    "最大 最小 最高 最矮 最长 最短 最近 最远 最胖 最瘦 最 大 小 高 矮 长 短 胖 瘦 老 年轻 较大 较小"
    " 巨大 很大 很小".split()
)
DESCRIBING = COLORS | PATTERNS | SIZES
MEASURES = "个只把张棵辆条件顶位名头匹块片盘碗杯瓶台架艘座根束朵双副本盏扇间栋幅架群排"
PICTURED = _set("照片 图片 图中 画面 图像 照片中 图片中 画面中 图里 照片里 画面里".split())

# Said in front of a noun, a place in the picture; behind one, a relation to it.
PLACES: dict[str, str] = {
    **dict.fromkeys("左边 左侧 左面 左方 左手边 左".split(), "left of"),
    **dict.fromkeys("右边 右侧 右面 右方 右手边 右".split(), "right of"),
    **dict.fromkeys("前面 前方 前边 面前 跟前".split(), "in front of"),
    **dict.fromkeys("后面 后方 后边 背后 身后".split(), "behind"),
    **dict.fromkeys("旁边 旁 身边 身旁 一旁 边上".split(), "next to"),
    **dict.fromkeys("附近 近处".split(), "near"),
    **dict.fromkeys("上方 上空 头顶".split(), "above"),
    **dict.fromkeys("下面 下方 下边 底下 之下".split(), "under"),
    **dict.fromkeys("上面 上边 之上".split(), "on"),
    **dict.fromkeys("里面 里边 之中 当中 内".split(), "in"),
    **dict.fromkeys("中间 之间 正中间 中央 正中 中部".split(), "between"),
    **dict.fromkeys("外面 外边".split(), "outside"),
    **dict.fromkeys("对面".split(), "across from"),
    **dict.fromkeys("左上角 右上角 左下角 右下角 角落".split(), "corner of"),
    **dict.fromkeys("左上方 右上方 左下方 右下方".split(), "corner of"),
    **dict.fromkeys("远处 背景 后排 前排 顶部 底部 边缘".split(), "in"),
}
SUFFIXES: dict[str, str] = {"上": "on", "下": "under", "里": "in", "中": "in", "前": "in front of",
                            "后": "behind"}  # fmt: skip
"""Places of one character, which only stand behind a noun."""
WATER = _set("池塘 水塘 水 湖 河 海 池 湖水 河水 海水 水池 泳池".split())
"""What lies "in" water in Chinese floats on it: the relation is "on"."""
COUNTED = _set(
    "左起 右起 左数 右数 从左数 从右数 从左起 从右起 从左往右 从右往左 从左到右 从右到左 从左边数"
    " 从右边数 从左往右数 从右往左数 从上往下 从下往上".split()
)

VERBS: dict[str, str] = {
    **dict.fromkeys("拿着 拿 举着 提着 端着 握着 抱着 捧着 撑着 打着 背着 扛着".split(), "holding"),
    # One flies a kite by holding its string.
    **dict.fromkeys("放着 手持".split(), "holding"),
    **dict.fromkeys("牵着 牵 遛着 遛".split(), "walking"),
    **dict.fromkeys("骑着 骑 骑在".split(), "riding"),
    **dict.fromkeys("穿着 穿 戴着 戴 系着 穿了 戴了 身穿 头戴 身着".split(), "wearing"),
    **dict.fromkeys("坐在 坐着 坐".split(), "sitting on"),
    **dict.fromkeys("站在 站着 站".split(), "standing on"),
    **dict.fromkeys("躺在 躺着 趴在 趴着 卧在".split(), "laying on"),
    **dict.fromkeys("带着 带 带有 有".split(), "with"),
    **dict.fromkeys("没有 没戴 没穿 没有戴 没有穿 没有拿 没拿".split(), "without"),
    **dict.fromkeys("推着".split(), "pushing"),
    **dict.fromkeys("拉着".split(), "pulling"),
    **dict.fromkeys("看着 看".split(), "looking at"),
    **dict.fromkeys("吃着 吃".split(), "eating"),
    **dict.fromkeys("喝着 喝".split(), "drinking"),
    **dict.fromkeys("玩着 玩".split(), "playing"),
    **dict.fromkeys("开着".split(), "driving"),
    **dict.fromkeys("靠着 靠在 倚在".split(), "leaning on"),
    **dict.fromkeys("面对 面向 朝着".split(), "facing"),
    **dict.fromkeys("靠近 挨着 紧挨".split(), "next to"),
    **dict.fromkeys("走在 走 跑在 跑 走着 跑着".split(), "walking on"),
}
POSTURES = _set("sitting on,standing on,laying on,leaning on,walking on,riding".split(","))
"""Verbs whose object a place may close: 坐在 长椅 上."""
SPLIT_OFF = _set("穿戴拿带牵骑坐站抱")
"""Verbs that the word cutter sometimes glues to what follows: 穿波点."""

AT = _set("在 位于 处于".split())
OF = _set("的 之".split())
WITH = _set("和 与 跟 及 以及 、".split())
ALSO = _set("并且 并 而且 且 同时 正在 正 着 了 是 一边 手里 手中 手上 头上 身上".split())
"""Words that lead on to the next clause of the same noun: 手里 拿着 …"""
NOUNS = _set(
    "男的 女的 小路 小道 小孩 小狗 小猫 小船 小鸟 小车 小伙 小伙子 小女孩 小男孩 老人 老头 大人"
    " 大象 高个 长椅 长凳 短裤 短裙 长裙 白人 黑人 上衣 下巴 前门 后轮 前轮 左手 右手 左脚 右脚"
    " 左腿 右腿 中年 里程 人 狗 猫 球 树 伞 船 马 牛 羊 车 鸟 花 草 天 地 水".split()
)
"""Nouns that begin with a word of the other lists, or that the word cutter gets wrong."""

LEXICON = (
    DESCRIBING | PLACES.keys() | SUFFIXES.keys() | COUNTED | VERBS.keys() | AT | OF | WITH | ALSO
    | NOUNS | PICTURED
)  # fmt: skip
LONGEST = max(map(len, LEXICON))
