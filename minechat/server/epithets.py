"""The epithets that stand before a nickname: friendly English adjectives, one word each."""

EPITHETS = tuple(
    """
    Able Adept Agile Airy Alert Amber Ample Amused Ancient Apt Ardent Artful Astute Autumn Avid Awake
    Balmy Beaming Benign Blissful Blithe Blooming Bold Bouncy Brainy Brave Breezy Bright Brilliant Brisk
    Bubbly Busy Calm Candid Careful Caring Cheerful Cheery Chipper Civil Classic Clean Clear Clever
    Comfy Cool Coral Cordial Cosmic Cosy Courteous Crafty Crisp Curious Dainty Dandy Dapper Daring
    Dashing Dazzling Dear Decent Deft Devoted Diligent Dreamy Dynamic Eager Early Earnest Easy Elegant
    Eloquent Epic Exact Excited Expert Fabled Fair Faithful Famous Fancy Fearless Festive Fine Firm
    Fluent Fluffy Fond Fortunate Frank Free Fresh Friendly Frisky Funny Gallant Generous Gentle Genuine
    Gifted Giddy Glad Gleaming Glorious Glowing Golden Good Goofy Graceful Grand Grateful Great
    Groovy Handy Happy Hardy Hasty Hearty Helpful Heroic Honest Hopeful Humble Humming Ideal Inspiring
    Intrepid Inventive Jaunty Jazzy Jolly Jovial Joyful Jubilant Just Keen Kind Kindly Lasting Leafy
    Lively Logical Loyal Lucid Lucky Luminous Lunar Lyrical Magic Majestic Mellow Melodic Merry Mighty
    Mindful Mirthful Modest Musical Neat Nifty Nimble Noble Novel Open Orderly Patient Peaceful Perky
    Placid Playful Pleasant Plucky Poetic Polite Precise Prime Proud Prudent Punctual Quaint Quick Quiet
    Quirky Radiant Rapid Ready Regal Relaxed Reliable Resolute Robust Rosy Sage Savvy Sensible Serene
    Sharp Shining Silken Silver Sincere Smart Smiling Smooth Snappy Snug Sociable Solar Solid Sparkling
    Spirited Splendid Spry Stable Starry Steady Stellar Sterling Stout Sturdy Sunny Super Sweet Swift
    Tactful Talented Tender Thankful Thrifty Tidy Tranquil Trusty Truthful Upbeat Valiant Velvet Vernal
    Vibrant Vigilant Vital Vivid Warm Watchful Welcome Whimsical Willing Winning Wise Witty Wondrous
    Worthy Zany Zealous Zesty
    """.split()
)
