// Short, friendly, free of near-duplicates when read aloud.
export const adverbs = words(
  'boldly calmly clearly dearly deeply evenly fairly firmly freely gently gladly kindly lightly neatly openly quickly quietly safely simply softly surely truly warmly wisely',
);
export const adjectives = words(
  'able agile amber brave bright brisk calm clever crisp deft eager early fair fleet fond free fresh gentle grand happy honest humble jolly keen kind lively loyal lucid mellow merry mild neat nimble noble plain proud quick quiet ready robust sharp sleek smart snug solid steady sunny swift tidy tough vivid warm wise witty',
);
export const animals = words(
  'badger beaver bison bobcat camel cheetah condor coyote crane deer dingo dolphin eagle egret falcon ferret finch fox gazelle gecko goose gull hare hawk heron ibex ibis jackal jaguar kestrel koala lark lemur leopard lion llama lynx magpie marmot marten mole moose newt ocelot orca oriole osprey otter owl panda panther pelican penguin pika plover puffin quail rabbit raven robin seal shrew skunk sparrow squid stoat stork swan swift tapir tern tiger toad trout turtle viper vole walrus weasel whale wolf wombat wren yak zebra',
);

function words(text: string): readonly string[] {
  return text.split(' ');
}
